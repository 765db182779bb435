"""The key under which an event lies in a log of several partitions: one visitor's events have one."""

from collections.abc import Callable

from expectations.contracts.identifiers import hash_identifier
from serving_app.intake.normal_form import NormalEvent


def make_key_finder(identity_key: str) -> Callable[[NormalEvent], bytes]:
    """Finds an event's key: the id of the user or, of a visitor without one, the browser, which is the root
    that the live states know it by. It is empty of an event of nobody.

    Args:
        identity_key: the key of the hash that makes an `identifier_id`; the log shows no raw id as a key.
    """

    def find_key(event: NormalEvent) -> bytes:
        for kind, value in (("user_id", event.user_id), ("anonymous_id", event.anonymous_id)):
            if value:
                try:
                    return hash_identifier(identity_key, kind, event.source, value).encode()
                except UnicodeEncodeError:  # half a character
                    return b""
        return b""

    return find_key
