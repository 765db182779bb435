"""Signs notifications as Standard Webhooks says, so that a receiver checks them with a library of theirs:
HMAC-SHA256 over id, time and body, by each secret that is in force.
"""

import base64
import hashlib
import hmac
import secrets as random_source
from collections.abc import Sequence

from expectations.contracts.trigger_settings import SIGNING_PREFIX, decode_signing_secret

SECRET_BYTES = 32


def make_secret() -> str:
    """A new secret, as CONCIERGE_TRIGGER_SECRETS and the receiver have it."""
    return SIGNING_PREFIX + base64.b64encode(random_source.token_bytes(SECRET_BYTES)).decode()


def sign(message_id: str, timestamp: int, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """The headers that prove who sent a body, and when.

    Args:
        timestamp: of this attempt, seconds since 1970: a receiver refuses an old one, which somebody repeats.
        secrets: while one follows another both sign, and a receiver may know either.
    """
    content = b"%b.%d.%b" % (message_id.encode(), timestamp, body)
    digests = (hmac.new(decode_signing_secret(each), content, hashlib.sha256).digest() for each in secrets)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests),
    }
