"""How an identifier gets its id: a keyed hash, the same in Spark, in the service and in a test.

`identifier_id = "i_" + first 32 hex digits of HMAC-SHA256(key, kind | source | value_normalised)` (RFC 2104).
Keyed, so that an id found in a log cannot be turned back into an e-mail by hashing a list of e-mails.
"""

import hashlib
import hmac

from expectations.contracts.ids import normalise_id
from expectations.contracts.phones import extract_digits

SHARED_KINDS = ("email", "phone")
LOCAL_KINDS = ("user_id", "anonymous_id", "crm_id")
KINDS = LOCAL_KINDS + SHARED_KINDS
ID_HEX_DIGITS = 32


def normalise_identifier(kind: str, value: str) -> str:
    """The value as it is compared: an id's normal form; of a phone its digits, with one leading `+` when it
    has one.
    """
    return extract_digits(value) if kind == "phone" else normalise_id(value, kind)


def build_hash_input(kind: str, source: str, value: str) -> str:
    """What is hashed: `kind|source|value_normalised`, the source left empty for kinds that sources share."""
    if kind not in KINDS:
        raise ValueError(f"unknown kind of identifier {kind!r}; known: {', '.join(KINDS)}")
    return f"{kind}|{'' if kind in SHARED_KINDS else source}|{normalise_identifier(kind, value)}"


def hash_identifier(key: str, kind: str, source: str, value: str) -> str:
    """The id of one identifier.

    Args:
        key: the shop's secret, `CONCIERGE_IDENTITY_KEY`.
        kind: one of `KINDS`.
        source: the source that issued it; ignored for `SHARED_KINDS`.
        value: as received.
    """
    digest = hmac.new(
        key.encode(), build_hash_input(kind, source, value).encode(), hashlib.sha256
    ).hexdigest()
    return f"i_{digest[:ID_HEX_DIGITS]}"


def derive_customer_id(founder: str) -> str:
    """The `customer_id` of the cluster whose earliest identifier has this id: `c_` and 24 hex digits of its
    SHA-256.

    The earliest identifier (first seen, then kind, then normalised value) is the cluster's founder. An id
    once issued belongs to its founder for ever, so `derive_customer_id(i)` of any identifier `i` resolves to
    the customer `i` has now.
    """
    return f"c_{hashlib.sha256(founder.encode()).hexdigest()[:24]}"
