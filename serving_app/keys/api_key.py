"""An API key: what it may do, until when, and how its secret is made and compared.

A key reads `ck_<id>_<secret>`. The id is no secret: logs and lists name the key by it, and it finds the hash.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

SCOPES = (
    "read",
    "events",
    "overrides",
    "items",
    "profiles",
    "segments",
    "definitions",
    "stream",
    "metrics",
    "admin",
)
KINDS = ("server", "browser")
BROWSER_SCOPES = ("read", "events")  # what a key that every visitor of a page can read may be given
FORMAT = re.compile(r"ck_([0-9a-f]{12})_([0-9a-f]{64})")
MAX_LENGTH = 80

Kind = Literal["server", "browser"]


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is stored; the secret itself is nowhere.

    Attributes:
        secret_hash: SHA-256 of the secret, in hexadecimal. The secret has 256 random bits, so a slow hash
            would protect nothing more.
        source: whose ids the events sent with it use; None: the first of CONCIERGE_SOURCES.
        rate: how often it may ask, as `100/second`; None: CONCIERGE_KEY_RATE.
        origins: of the pages that may use it, where it is a browser's.
    """

    key_id: str
    name: str
    secret_hash: str
    scopes: tuple[str, ...]
    created_at: datetime
    kind: Kind = "server"
    source: str | None = None
    rate: str | None = None
    origins: tuple[str, ...] = ()
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Whether it may be used now."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def has_secret(self, secret: str) -> bool:
        """Whether this is its secret; takes equally long whatever is wrong with it."""
        return hmac.compare_digest(hash_secret(secret), self.secret_hash)


def make_secret() -> tuple[str, str]:
    """A new key's id and secret."""
    return secrets.token_hex(6), secrets.token_hex(32)


def format_key(key_id: str, secret: str) -> str:
    """The key as its user sends it."""
    return f"ck_{key_id}_{secret}"


def parse_key(text: str) -> tuple[str, str] | None:
    """Id and secret of what somebody sent; None where it is no key."""
    match = FORMAT.fullmatch(text) if len(text) <= MAX_LENGTH else None
    return (match[1], match[2]) if match else None


def hash_secret(secret: str) -> str:
    """The hash that is stored of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def encode_key(key: ApiKey) -> dict:
    """A key as JSON stores it."""
    moments = {"created_at": key.created_at, "expires_at": key.expires_at, "revoked_at": key.revoked_at}
    return {
        "key_id": key.key_id,
        "name": key.name,
        "secret_hash": key.secret_hash,
        "scopes": list(key.scopes),
        "kind": key.kind,
        "source": key.source,
        "rate": key.rate,
        "origins": list(key.origins),
        **{name: moment and moment.isoformat() for name, moment in moments.items()},
    }


def decode_key(row: dict) -> ApiKey:
    """The key that `encode_key` made this row of."""
    moments = {
        name: datetime.fromisoformat(row[name]) if row[name] else None
        for name in ("created_at", "expires_at", "revoked_at")
    }
    return ApiKey(**{**row, **moments, "scopes": tuple(row["scopes"]), "origins": tuple(row["origins"])})
