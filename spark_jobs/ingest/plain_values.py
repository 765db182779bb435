"""Values of a whole column at once, where they certainly are what a transform makes of them on Spark.

A value in another form is no fault: its record goes to the transform.
"""

import hmac
import re
from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from expectations.contracts.consent import NO, YES
from expectations.contracts.identifiers import ID_HEX_DIGITS, SHARED_KINDS
from expectations.contracts.tables import MAX_CHARACTERS
from spark_jobs.sources.declaration import SourceContext

# Of 1970 to 2037: Arrow knows no summer time beyond, so an hour of 2038 might be on another day of the shop.
UTC_TIME = r"^(19[7-9]\d|20[0-2]\d|203[0-7])-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{3}|\.\d{6})?Z$"
PLAIN_MONEY = re.compile(r"[0-9]{1,8}(?:\.[0-9]{1,4})?")  # what its column holds without rounding
PLAIN_QUANTITY = re.compile(r"[1-9][0-9]{0,5}")
TIME = pa.timestamp("us", "UTC")
MAX_HASHED = 100_000  # values that a hasher remembers; a file of 2 GB may name twenty million
CONSENTS = pa.list_(
    pa.struct(
        [
            ("purpose", pa.string()),
            ("is_granted", pa.bool_()),
            ("consented_at", TIME),
            ("consented_date", pa.date32()),
        ]
    )
)


class OddValueError(ValueError):
    """A value whose form is not plain; its record goes to the transform."""


def parse_plain_times(texts: Sequence[str | None]) -> tuple[pa.Array, np.ndarray]:
    """ISO times that end in `Z`, null where there is none, and which of them are plain."""
    column = pc.replace_with_mask(
        array := pa.array(texts, pa.string()),
        pc.equal(array, "").fill_null(False),
        pa.scalar(None, pa.string()),
    )
    is_plain = pc.match_substring_regex(column, UTC_TIME).fill_null(True)
    candidates = pc.if_else(is_plain, column, pa.scalar(None, pa.string()))
    try:
        return candidates.cast(TIME), is_plain.to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:  # a day that no calendar has
        times = [parse_plain_time(text) for text in candidates.to_pylist()]
        is_time = np.array([time is not None for time in times]) | candidates.is_null().to_numpy(
            zero_copy_only=False
        )
        return pa.array(times, TIME), is_plain.to_numpy(zero_copy_only=False) & is_time


def parse_plain_time(text: str | None) -> pa.Scalar | None:
    """The time of a text in the form of `UTC_TIME`; None where its day does not exist."""
    try:
        return None if text is None else pa.scalar(text, pa.string()).cast(TIME).as_py()
    except pa.ArrowInvalid:
        return None


def compute_shop_dates(times: pa.Array, time_zone: str) -> pa.Array:
    """The shop's day of each time."""
    return pc.local_timestamp(times.cast(pa.timestamp("us", time_zone))).cast(pa.date32(), safe=False)


def trim_plain_text(value: object, most: int = MAX_CHARACTERS) -> str | None:
    """A text without white space at its ends; None when nothing is left.

    Raises:
        OddValueError: it is no text, or longer than any column allows.
    """
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > most:
        raise OddValueError
    return value.strip() or None


def parse_plain_word(text: str | None) -> bool | None:
    """What a text says of a consent.

    Raises:
        OddValueError: it is in neither list.
    """
    word = (text or "").strip().lower()
    if not word:
        return None
    if word in YES or word in NO:
        return word in YES
    raise OddValueError


def make_identifier_hasher(context: SourceContext, kind: str) -> Callable[[str | None, str], str | None]:
    """A function of a value in its normal form and the source that issued it: its `identifier_id`."""
    key, is_shared, known = context.identity_key.encode(), kind in SHARED_KINDS, {}

    def hash_value(value: str | None, issuer: str) -> str | None:
        if value is None:
            return None
        text = f"{kind}||{value}" if is_shared else f"{kind}|{issuer}|{value}"
        if text not in known:
            if len(known) >= MAX_HASHED:
                known.clear()
            known[text] = f"i_{hmac.digest(key, text.encode(), 'sha256').hex()[:ID_HEX_DIGITS]}"
        return known[text]

    return hash_value


def build_consents(granted: dict[str, Sequence[bool | None]], times: pa.Array, dates: pa.Array) -> pa.Array:
    """The consents of each record: by purpose what it says, null for nothing, since the record's time."""
    n, purposes = len(times), list(granted)
    words = np.array([granted[purpose] for purpose in purposes], dtype=object).reshape(len(purposes), n).T
    is_said = words != None  # noqa: E711 - of each element
    rows, which = np.nonzero(is_said)
    offsets = np.concatenate([[0], np.cumsum(is_said.sum(axis=1))])
    names = pa.DictionaryArray.from_arrays(pa.array(which, pa.int32()), pa.array(purposes)).cast(pa.string())
    spoken = pa.array(words[rows, which].astype(bool), pa.bool_())
    taken = pa.array(rows)
    each = pa.StructArray.from_arrays(
        [names, spoken, times.take(taken), dates.take(taken)], fields=list(CONSENTS.value_type)
    )
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), each, type=CONSENTS)
