"""The record of one served list, as the service writes it and `ingest` reads it back: `core_impressions`
before it has a date.

One JSON object a line in `serving/decision_log/<name>.jsonl`; the file being written ends in `.open`. The
unfinished line of a worker that died is stored beside it as `<name>.torn`: no answer went out for it, because
an answer waits for its record.
"""

from collections.abc import Mapping
from typing import Any

from expectations.contracts.lake import CORE_IMPRESSIONS
from expectations.contracts.tables import ContractError

FINISHED_SUFFIX, OPEN_SUFFIX, TORN_SUFFIX = ".jsonl", ".jsonl.open", ".torn"
ADDED_BY_INGEST = ("served_date", "first_received")
FIELDS = tuple(name for name in CORE_IMPRESSIONS.columns if name not in ADDED_BY_INGEST)
NAMES = frozenset(FIELDS)
ITEM_FIELDS = ("item_id", "rank", "score", "source")
ITEM_SHAPES = {ITEM_FIELDS}


def build_impression(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The record of one served list, its fields in contract order.

    Raises:
        ContractError: a field is missing or not in the contract, or an item has other fields than
            `ITEM_FIELDS`.
    """
    if fields.keys() != NAMES:
        raise ContractError(f"an impression has exactly the fields {FIELDS}, not {tuple(fields)}")
    if not {*map(tuple, fields["items"])} <= ITEM_SHAPES:
        raise ContractError(f"an item of an impression has exactly the fields {ITEM_FIELDS}")
    return {name: fields[name] for name in FIELDS}
