"""Types plain records of a shop's customer file as `transform_people` does, many at once, without Spark."""

import re
from collections.abc import Sequence
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from expectations.contracts.consent import PERSON_PURPOSES
from spark_jobs.ingest.parse_values import FIRST_PERSON_YEAR, FIRST_YEAR
from spark_jobs.ingest.phone_numbers import format_comparable_phone
from spark_jobs.ingest.plain_values import (
    OddValueError,
    build_consents,
    compute_shop_dates,
    make_identifier_hasher,
    parse_plain_times,
    parse_plain_word,
    trim_plain_text,
)
from spark_jobs.sources.declaration import SourceContext

TEXTS = ("email", "phone", "first_name", "last_name", "address_line", "city", "postcode", "country")
HASHED = {"crm_id": "record_id", "user_id": "_user_id", "email": "email", "phone": "_phone"}
ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class PeopleTyper:
    """Types plain records of people of one source; keeps the ids of the identifiers it has hashed."""

    def __init__(self, columns: Sequence[str], context: SourceContext) -> None:
        self.place = {name: number for number, name in enumerate(columns)}
        self.context = context
        self.hash_by_kind = {kind: make_identifier_hasher(context, kind) for kind in HASHED}

    def __call__(self, columns: Sequence[Sequence[str | None]]) -> pa.RecordBatch:
        """The rows of plain records, with `_position`, the record's, and `_last_date`: the newest day that
        its landing date may not lie before but by one.
        """
        created, created_is_plain = parse_plain_times(columns[self.place["created_at"]])
        updated, updated_is_plain = parse_plain_times(columns[self.place["updated_at"]])
        is_recent = pc.greater_equal(pc.year(updated), FIRST_YEAR).fill_null(False)
        is_young = pc.greater_equal(pc.year(created), FIRST_PERSON_YEAR).fill_null(True)
        are_plain = created_is_plain & updated_is_plain
        are_plain &= pc.and_(is_recent, is_young).to_numpy(zero_copy_only=False)
        positions, rows = [], []
        for position in np.flatnonzero(are_plain).tolist():
            try:
                rows.append(self._read_person([column[position] for column in columns]))
            except OddValueError:
                continue
            positions.append(position)
        taken = pa.array(positions, pa.int32())
        return self._build_rows(taken, rows, created.take(taken), updated.take(taken))

    def _read_person(self, values: list[str | None]) -> dict[str, object]:
        place, source = self.place, self.context.source
        person: dict[str, object] = {name: trim_plain_text(values[place[name]]) for name in TEXTS}
        person["record_id"] = trim_plain_text(values[place["crm_id"]])
        if person["record_id"] is None:
            raise OddValueError
        person["_user_id"] = trim_plain_text(values[place["user_id"]])
        person["_phone"] = format_comparable_phone(person["phone"], person["country"])
        person["birth_date"] = parse_plain_date(values[place["birth_date"]])
        for kind, name in HASHED.items():
            hashed = self.hash_by_kind[kind](person[name], source)
            person[f"{kind.removesuffix('_id')}_identifier_id"] = hashed
        for purpose in PERSON_PURPOSES:
            person[purpose] = parse_plain_word(values[place[f"{purpose}_consent"]])
        return person

    def _build_rows(
        self, positions: pa.Array, people: list[dict], created: pa.Array, updated: pa.Array
    ) -> pa.RecordBatch:
        def texts(name: str) -> pa.Array:
            return pa.array([person[name] for person in people], pa.string())

        created_on, updated_on = (
            compute_shop_dates(times, self.context.time_zone) for times in (created, updated)
        )
        n, record_id = len(people), texts("record_id")
        granted = {purpose: [person[purpose] for person in people] for purpose in PERSON_PURPOSES}
        hashes = [f"{kind.removesuffix('_id')}_identifier_id" for kind in HASHED]
        return pa.RecordBatch.from_pydict(
            {
                "_position": positions,
                "_last_date": pc.max_element_wise(created_on, updated_on),
                "source": pa.repeat(pa.scalar(self.context.source), n),
                "record_id": record_id,
                "_crm_id": record_id,
                **{name: texts(name) for name in (*TEXTS, "_user_id", "_phone", *hashes)},
                "birth_date": pa.array([person["birth_date"] for person in people], pa.date32()),
                "created_at": created,
                "updated_at": updated,
                "_first_at": pc.coalesce(created, updated),
                "ended_on": pa.nulls(n, pa.date32()),
                "_consents": build_consents(granted, updated, updated_on),
                "_row_no": pa.repeat(pa.scalar(1, pa.int32()), n),
            }
        )


def parse_plain_date(text: str | None) -> date | None:
    """The day of a text in ISO form; None for an empty one.

    Raises:
        OddValueError: any other text.
    """
    if not text:
        return None
    if not ISO_DATE.fullmatch(text):
        raise OddValueError
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise OddValueError from None
