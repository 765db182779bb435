"""The warehouse's rule of consent, and what `publish` reads off the same words, against an oracle: random
words, any order.
"""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.contracts.lake import CORE_CONSENTS, CORE_IDENTITIES
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.publish.restrictions import read_newest_consents

MODEL = (
    Path(__file__).resolve().parents[2] / "dbt_project/models/intermediate/customers/int_consent_words.sql"
)
START = datetime(2026, 1, 5, tzinfo=UTC)
# Whose identifier, of which customer; the hour; the answer; which feed said it.
WORD = st.tuples(
    st.sampled_from("abcdefghijkl"), st.integers(0, 3), st.booleans(), st.sampled_from(["people", "events"])
)
WHOSE = {one: f"customer {n // 2}" for n, one in enumerate("abcdefghijkl")}  # two each


def allowed(words: list[tuple], customer: str) -> tuple[int, bool] | None:
    """The last hour in which the customer's identifiers said anything, and whether all that they said then
    was yes.
    """
    mine = [(hour, granted) for one, hour, granted, _ in words if WHOSE[one] == customer]
    last = max((hour for hour, _ in mine), default=None)
    return None if last is None else (last, all(granted for hour, granted in mine if hour == last))


@settings(max_examples=8)
@given(st.lists(WORD, max_size=60), st.randoms())
def test_the_newest_word_holds_and_a_tie_is_a_no(words, random):
    rows = {
        (one, hour, granted, feed): {
            "identifier_id": one,
            "purpose": "personalization",
            "consented_at": START + timedelta(hours=hour),
            "source": "shop",
            "feed": feed,
            "is_granted": granted,
            "consented_date": START.date(),
            "first_received": "",
        }
        for one, hour, granted, feed in words
    }
    shuffled = random.sample(list(rows.values()), len(rows))
    consents = pa.Table.from_pylist(shuffled, schema=build_arrow_schema(CORE_CONSENTS))
    whose = [{"identifier_id": one, "customer_id": customer} for one, customer in WHOSE.items()]
    identities = pa.Table.from_pylist(whose, schema=build_arrow_schema(CORE_IDENTITIES))
    expected = {who: found for who in set(WHOSE.values()) if (found := allowed(words, who))}

    names = {"stg_core__consents": "consents", "int_identities": "identities"}
    sql = re.sub(r"\{\{ ref\('(\w+)'\) \}\}", lambda match: names[match[1]], MODEL.read_text())
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.register("consents", consents).register("identities", identities)
        in_force = connection.sql(
            f"select customer_id, consented_at, is_granted from ({sql}) where is_in_force"
        ).fetchall()
    assert sorted((who, hours(at), granted) for who, at, granted in in_force) == sorted(
        (who, *f) for who, f in expected.items()
    )

    tables = {CORE_CONSENTS.name: consents, CORE_IDENTITIES.name: identities}
    lake = SimpleNamespace(create_view=lambda con, table, name: con.register(name, tables[table.name]))
    read = read_newest_consents(SimpleNamespace(lake=lake))
    assert {who: (hours(at), not is_no) for who, (at, _, is_no) in read.items()} == expected


def hours(at: datetime) -> int:
    return int((at.replace(tzinfo=UTC) - START).total_seconds() // 3600)
