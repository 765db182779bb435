"""What `make key` does to the keys: make one, give it a successor, end it. Pure: keys in, keys out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from expectations.contracts.setting_values import check_rate
from serving_app.keys.api_key import (
    BROWSER_SCOPES,
    KINDS,
    SCOPES,
    ApiKey,
    format_key,
    hash_secret,
    make_secret,
)

ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|http://\[::1\](:[0-9]{1,5})?")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,63}")


class KeyFlaw(ValueError):  # noqa: N818 - reads as what it says
    """A key that cannot be made or changed; the message says what is allowed."""


@dataclass(frozen=True)
class NewKey:
    """What is asked for: the fields of `ApiKey` that somebody chooses."""

    name: str
    scopes: tuple[str, ...]
    kind: str = "server"
    source: str | None = None
    rate: str | None = None
    origins: tuple[str, ...] = ()
    expires_at: datetime | None = None


def find_flaw(new: NewKey, sources: Sequence[str], now: datetime) -> str | None:
    """What is wrong with a key that is asked for; None when nothing is."""
    unknown = [scope for scope in new.scopes if scope not in SCOPES]
    allowed = BROWSER_SCOPES if new.kind == "browser" else SCOPES
    if not NAME.fullmatch(new.name):
        return "NAME= takes up to 64 letters, digits, spaces, dots, dashes and underscores"
    if not new.scopes or unknown:
        return f"SCOPES= takes some of {', '.join(SCOPES)}, separated by commas"
    if new.kind not in KINDS:
        return f"KIND= is one of {', '.join(KINDS)}"
    if not set(new.scopes) <= set(allowed):
        return f"a browser's key may have the scopes {', '.join(allowed)} only: every visitor can read it"
    if new.source is not None and new.source not in sources:
        return f"SOURCE= is one of CONCIERGE_SOURCES: {', '.join(sources)}"
    if new.rate is not None and (flaw := check_rate(new.rate)):
        return f"RATE= is {flaw}"
    if new.origins and new.kind != "browser":
        return "ORIGINS= belongs to KIND=browser"
    if new.kind == "browser" and not (new.origins and all(map(ORIGIN.fullmatch, new.origins))):
        return "a browser's key needs ORIGINS=, of the pages that use it: https://shop.example,https://…"
    if new.expires_at is not None and new.expires_at <= now:
        return "EXPIRES= must lie in the future"
    return None


def add_key(keys: Sequence[ApiKey], new: NewKey, now: datetime) -> tuple[list[ApiKey], str]:
    """The keys with a new one, and its text, which is nowhere else."""
    key_id, secret = make_secret()
    key = ApiKey(
        key_id=key_id,
        name=new.name,
        secret_hash=hash_secret(secret),
        scopes=new.scopes,
        created_at=now,
        kind=new.kind,
        source=new.source,
        rate=new.rate,
        origins=new.origins,
        expires_at=new.expires_at,
    )
    return [*keys, key], format_key(key_id, secret)


def rotate_key(
    keys: Sequence[ApiKey], key_id: str, old_ends_at: datetime, now: datetime
) -> tuple[list[ApiKey], str]:
    """The keys with a successor of one, equal but for its secret, and the successor's text. Both are valid
    until `old_ends_at`, or the old one's own end where that is earlier.

    Raises:
        KeyFlaw: there is no such key, or it has ended.
    """
    old = find_valid(keys, key_id, now)
    end = min(filter(None, (old.expires_at, old_ends_at)))
    ending = [replace(key, expires_at=end) if key is old else key for key in keys]
    key_id, secret = make_secret()
    key = replace(old, key_id=key_id, secret_hash=hash_secret(secret), created_at=now)
    return [*ending, key], format_key(key_id, secret)


def revoke_key(keys: Sequence[ApiKey], key_id: str, now: datetime) -> list[ApiKey]:
    """The keys, of which one is no longer valid. It stays in the list, so that a log's key id has a name.

    Raises:
        KeyFlaw: there is no such key, or it has ended.
    """
    revoked = find_valid(keys, key_id, now)
    return [replace(key, revoked_at=now) if key is revoked else key for key in keys]


def find_valid(keys: Sequence[ApiKey], key_id: str, now: datetime) -> ApiKey:
    """The key of an id.

    Raises:
        KeyFlaw: there is none, or it has ended.
    """
    for key in keys:
        if key.key_id == key_id and key.is_valid(now):
            return key
    raise KeyFlaw("no valid key has this id; `make keys` lists them")
