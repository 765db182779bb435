"""The same models on two warehouses, two nights, every mart row by row: DuckDB, and Snowflake's stand-in over HTTP."""

import random
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
import sqlglot
from deltalake import DeltaTable
from sqlglot import exp
from sqlglot.errors import ParseError

from benchmarks.snowflake_parity import Compared, compare, line
from expectations.contracts.lake import (
    CORE_CONSENTS,
    CORE_EVENTS,
    CORE_IDENTIFIERS,
    CORE_IDENTITIES,
    CORE_IDENTITY_CHANGES,
    CORE_IDENTITY_LINKS,
    CORE_ITEMS,
    CORE_ORDER_LINES,
    CORE_PEOPLE,
    LAKE,
)  # fmt: skip
from expectations.contracts.published import Published
from expectations.contracts.tables import Table
from spark_jobs.build import dbt, export, load
from spark_jobs.build.aside import finish_aside, switch_snowflake
from spark_jobs.build.begin import begin
from spark_jobs.build.snowflake import connect
from spark_jobs.night import Days, Night
from spark_jobs.settings import Settings
from spark_jobs.tables import Lake

OPENED = date(2026, 1, 5)
Upsert = Callable[[Lake, Table, list[dict]], None]
N_DAYS, N_PEOPLE, N_ITEMS = 20, 30, 12


def at(day: int, minute: int) -> datetime:
    """A time on a day of the shop, with microseconds."""
    return datetime(2026, 1, 5, tzinfo=UTC) + timedelta(days=day, minutes=minute, microseconds=7 * minute + 1)


def items() -> list[dict]:
    return [
        {
            "item_id": f"item-{n}", "title": f"Item 'no' {n}, \"é\"", "category_path": ["Home", "Mugs"] if n % 3 else ["Garden"],
            "brand": None if n % 4 else "Björk & Co", "price": Decimal(n * n) / 4 + 1, "currency": "EUR",
            "n_stock": n % 5, "is_in_stock": n % 5 > 0, "is_consumable": n % 3 == 0, "is_recommendable": n != 7,
            "attributes": {"colour": "red"}, "first_seen_at": at(0, n), "updated_at": at(n % 4, n),
        }
        for n in range(N_ITEMS)
    ]  # fmt: skip


def people() -> tuple[list[dict], list[dict], list[dict], list[dict]]:
    """Identifiers, whose they are, consents and person records: everyone has a browser, two of three an account too."""
    identifiers, identities, consents, records = [], [], [], []
    for n in range(N_PEOPLE):
        kinds = ["anonymous_id"] + (["user_id", "email"] if n % 3 else [])
        for kind in kinds:
            identifiers.append(
                {"identifier_id": f"i_{kind}_{n}", "kind": kind, "source": None if kind == "email" else "shop",
                 "value": f"{kind} {n}", "value_normalised": f"{kind} {n}", "first_seen_at": at(n % 9, n)}
            )  # fmt: skip
            identities.append({"identifier_id": f"i_{kind}_{n}", "customer_id": f"c_{n}"})
        if n % 3:
            records.append(
                {"source": "shop", "record_id": f"p{n}", "user_identifier_id": f"i_user_id_{n}", "first_name": f"First {n}",
                 "last_name": "O'Last", "email": f"p{n}@shop.example", "country": "France" if n % 2 else "Germany",
                 "email_identifier_id": f"i_email_{n}", "address_line": f"Hill {n}", "city": "Köln", "postcode": "50 667",
                 "birth_date": date(1980, 1 + n % 12, 2), "created_at": at(0, n), "updated_at": at(n % 3, n)}
            )  # fmt: skip
            records.append(  # the till knows them too: otherwise spelt, at odds, or not at all
                {"source": "till", "record_id": f"t{n}", "user_identifier_id": f"i_user_id_{n}", "first_name": f" FIRST  {n}",
                 "last_name": "É'Last" if n % 4 else "\t ", "email": f"P{n}@shop.example ", "phone": f"+49 {n}",
                 "address_line": f"Dell {n}" if n % 4 else None, "city": "Ulm", "postcode": "50667", "country": "france",
                 "birth_date": date(1980, 1, 2), "created_at": at(1, n), "updated_at": at(1, n)}
            )  # fmt: skip
            consents.append(
                {"identifier_id": f"i_user_id_{n}", "purpose": "personalization", "consented_at": at(1, n), "source": "shop",
                 "is_granted": n % 7 > 0}
            )  # fmt: skip
    return identifiers, identities, consents, records


def link(a: str, b: str, n: int, held_by: str | None = None) -> dict:
    return {
        "identifier_id_a": a, "identifier_id_b": b, "rule": "same_event", "evidence": f"core_events/e{n}", "weight": 1 - n / 128,
        "is_followed": held_by is None, "held_by": held_by, "first_seen_at": at(n % 9, n),
    }  # fmt: skip


def change(night: int, n: int, what: str, to: int) -> dict:
    ids = {"change_id": f"{night:010d}-{n:02d}", "customer_id": f"c_{n}", "to_customer_id": f"c_{to}", "run_id": f"night-{night}"}
    return {**ids, "change": what, "because": "first sighting of 'one'", "landing_date": OPENED + timedelta(days=N_DAYS)}


def who_is_who() -> tuple[list[dict], list[dict]]:
    """Each account's browser and e-mail, a browser that two have used, and how the customers came about."""
    accounts = [n for n in range(N_PEOPLE) if n % 3]
    own = [link(f"i_{kind}_{n}", f"i_user_id_{n}", n) for n in accounts for kind in ("anonymous_id", "email")]
    return [*own, link("i_anonymous_id_1", "i_user_id_2", 3, "shared/browser")], [change(0, n, "created", n) for n in accounts]


def behaviour(days: range, draw: random.Random) -> tuple[list[dict], list[dict]]:
    """Events and order lines of some days: views, carts, orders of one to three lines, guests, postage, returns."""
    events, lines = [], []
    for day in days:
        for n in draw.sample(range(N_PEOPLE), 12):
            for step in range(draw.randint(1, 3)):
                events.append(
                    {"event_id": f"e{day}-{n}-{step}", "event_type": draw.choice(["view", "view", "cart", "page"]),
                     "source": "shop",
                     "occurred_at": at(day, 60 * step + n), "occurred_date": OPENED + timedelta(days=day), "quantity": 1,
                     "item_id": f"item-{draw.randrange(N_ITEMS)}", "anonymous_identifier_id": f"i_anonymous_id_{n}",
                     "user_identifier_id": f"i_user_id_{n}" if n % 3 and step else None, "session_id": f"s{day}-{n}",
                     "device_type": draw.choice(["phone", "desktop"]), "country": "France"}
                )  # fmt: skip
        for n in draw.sample(range(N_PEOPLE), 5):
            order = f"o{day}-{n}"
            for number in range(1, draw.randint(2, 4)):
                kind = "charge" if number == 3 else "return" if draw.random() < 0.2 else "sale"
                quantity = draw.randint(1, 4) * (-1 if kind == "return" else 1)
                price = Decimal(draw.randint(1, 4000)) / 100
                lines.append(
                    {"source": "shop", "order_id": order, "line_no": number, "line_type": kind, "ordered_at": at(day, 600 + n),
                     "ordered_date": OPENED + timedelta(days=day), "quantity": quantity, "unit_price": price,
                     "amount": quantity * price, "currency": "EUR", "country": "Germany",
                     "channel": draw.choice(["web", "store"]),
                     "item_id": None if kind == "charge" else f"item-{draw.randrange(N_ITEMS)}",
                     "user_identifier_id": f"i_user_id_{n}" if n % 3 else None}
                )  # fmt: skip
    return events, lines


def first_night(lake: Lake, upsert: Upsert) -> None:
    """Twenty days of a small shop."""
    events, lines = behaviour(range(N_DAYS), random.Random(7))
    (identifiers, identities, consents, records), (links, changes) = people(), who_is_who()
    for table, rows in (
        (CORE_ITEMS, items()), (CORE_EVENTS, events), (CORE_ORDER_LINES, lines), (CORE_IDENTIFIERS, identifiers),
        (CORE_IDENTITIES, identities), (CORE_CONSENTS, consents), (CORE_PEOPLE, records),
        (CORE_IDENTITY_LINKS, links), (CORE_IDENTITY_CHANGES, changes),
    ):  # fmt: skip
        upsert(lake, table, rows)


def second_night(lake: Lake, upsert: Upsert) -> dict[str, int]:
    """One day more, and what nights bring beside it: late rows, a correction, a merge of customers, a deletion, an item that
    moves to another category. Returns how many keys changed in each table."""
    events, lines = behaviour(range(N_DAYS, N_DAYS + 1), random.Random(8))
    late, _ = behaviour(range(4, 5), random.Random(9))
    late = [row | {"event_id": f"late-{row['event_id']}"} for row in late]
    upsert(lake, CORE_EVENTS, events + late)
    corrected = lake.read_arrow(CORE_ORDER_LINES).to_pylist()[3]
    upsert(lake, CORE_ORDER_LINES, [*lines, corrected | {"quantity": 9, "amount": 9 * corrected["unit_price"]}])
    gone = lake.read_arrow(CORE_ORDER_LINES).filter(pa.compute.field("ordered_date") == OPENED + timedelta(days=2)).to_pylist()[0]
    DeltaTable(lake.path(CORE_ORDER_LINES)).delete(f"order_id = '{gone['order_id']}' and line_no = {gone['line_no']}")
    upsert(lake, CORE_IDENTITIES, [{"identifier_id": "i_anonymous_id_3", "customer_id": "c_4"}])
    parted = link("i_email_5", "i_user_id_5", 5, "decision/refuse")
    upsert(lake, CORE_IDENTITY_LINKS, [link("i_anonymous_id_3", "i_user_id_4", 4), parted])
    upsert(lake, CORE_IDENTITY_CHANGES, [change(1, 3, "merged", 4)])
    upsert(lake, CORE_ITEMS, [items()[4] | {"category_path": ["Garden"], "price": Decimal("0.1000")}])
    upsert(lake, CORE_CONSENTS, [{"identifier_id": "i_user_id_5", "purpose": "personalization", "consented_at": at(20, 1),
                                  "source": "shop", "is_granted": False}])  # fmt: skip
    return {
        "core_events": len(events) + len(late), "core_order_lines": len(lines) + 2, "core_identities": 1, "core_items": 1,
        "core_consents": 1, "core_identity_links": 2, "core_identity_changes": 1,
    }  # fmt: skip


@dataclass
class Shop:
    """One lake under two homes, of which one builds on DuckDB and one on Snowflake."""

    lake: Lake
    duckdb: Settings
    snowflake: Settings
    staged: dict[int, dict[str, int]] = field(default_factory=dict)
    compared: dict[int, list[Compared]] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)  # keys the second night changed, as it was made
    unread: dict[int, list[str]] = field(default_factory=dict)  # compiled SQL that is not Snowflake's, by night
    readers_saw: int = -1  # orders in the schema that analysts read, after the second build and before its swap

    def night(self, n: int, settings: Settings) -> Night:
        day = OPENED + timedelta(days=N_DAYS + n - 2)
        return Night(f"night {n}", Days(day, day), settings, datetime(2026, 2, n, tzinfo=UTC))

    def build(self, n: int, settings: Settings, *arguments: str) -> None:
        """What the step `dbt` does, without the tests that the arguments leave out."""
        night = self.night(n, settings)
        dbt.build(settings, begin(night, self.lake), *arguments)
        if settings.warehouse == "snowflake":
            finish_aside(settings, night.run_id)

    def publish(self, n: int) -> None:
        """What `publish` does for the two warehouses."""
        night = self.night(n, self.duckdb)
        Published(night.run_id, str(night.days.last), "", "", f"{night.slug}.duckdb", "", "").write(self.duckdb.home)
        assert switch_snowflake(self.snowflake, night.run_id)
        assert not switch_snowflake(self.snowflake, night.run_id), "a repeated publish swaps nothing back"

    def run(self, n: int, *arguments: str) -> None:
        """One night on both warehouses, up to their marts compared."""
        reports = load.run(self.night(n, self.snowflake), self.lake)
        self.staged[n] = {report.table_name: report.detail["staged"] for report in reports if report.detail["staged"]}
        with ThreadPoolExecutor() as both:  # a second core builds the second warehouse
            for built in [
                both.submit(self.build, n, self.duckdb, "--exclude-resource-type", "test", "unit_test"),
                both.submit(self.build, n, self.snowflake, *arguments),
            ]:
                built.result()
        with connect(self.snowflake) as session:
            if n > 1:
                self.readers_saw = session.run("select count(*) from main.fct_orders")[0][0]
            self.unread[n] = not_snowflake(self.snowflake.warehouse_folder / "dbt" / "target")
            self.publish(n)
            file = self.duckdb.warehouse_folder / "builds" / f"{self.night(n, self.duckdb).slug}.duckdb"
            self.compared[n] = compare(file, session, "MAIN")
        print(line(f"night {n}", self.compared[n]), f"rows staged {self.staged[n]}")


def not_snowflake(target: Path) -> list[str]:
    """Compiled files that sqlglot's Snowflake dialect does not understand."""
    files = [*(target / "compiled").rglob("*.sql"), *(target / "run").rglob("*.sql")]
    assert len(files) > 100, "dbt has left what it compiled"
    found = []
    for file in files:
        try:
            if any(isinstance(one, exp.Command) for one in sqlglot.parse(file.read_text(), dialect="snowflake")):
                found.append(f"{file.name}: taken for a command")
        except ParseError as error:
            found.append(f"{file.name}: {error}")
    return found


@pytest.fixture(scope="module")
def shop(snowflake, upsert, tmp_path_factory) -> Shop:
    """Two nights on two warehouses. dbt's data tests run on Snowflake on the first; on DuckDB other tests run them."""
    homes = [tmp_path_factory.mktemp("duckdb"), tmp_path_factory.mktemp("snowflake")]
    (homes[1] / "lake").symlink_to(homes[0] / "lake")
    dbt.generate(dbt.PROJECT)
    shop = Shop(
        Lake(homes[0] / "lake"),
        Settings.from_environment({"CONCIERGE_HOME": str(homes[0])}),
        Settings.from_environment({"CONCIERGE_HOME": str(homes[1]), **snowflake("PARITY")}),
    )
    first_night(shop.lake, upsert)
    shop.run(1, "--exclude-resource-type", "unit_test")
    shop.changed = second_night(shop.lake, upsert)
    shop.run(2, "--exclude-resource-type", "test", "unit_test")
    return shop


def test_every_mart_equal_row_by_row(shop):
    for n in (1, 2):
        assert len(shop.compared[n]) >= 15
        assert [one for one in shop.compared[n] if one.n_differences] == []
        assert all(one.n_rows for one in shop.compared[n]), "an empty mart proves nothing"


def test_rows_staged_are_those_that_changed(shop):
    assert shop.staged[1] == {name: shop.lake.read_arrow(LAKE[name], version=1).num_rows for name in shop.staged[1]}
    assert shop.staged[2] == shop.changed


def test_compiled_sql_is_snowflakes(shop):
    assert shop.unread == {1: [], 2: []}


def test_days_are_written_and_read_in_one_form(shop):
    """A cast would follow the session's DATE_OUTPUT_FORMAT and DATE_INPUT_FORMAT; the stand-in has none, so the SQL is read."""
    compiled = shop.snowflake.warehouse_folder / "dbt" / "target" / "compiled"
    pages = [next(compiled.rglob(f"{model}.sql")).read_text() for model in ("dim_customer_values", "dim_customer_contacts")]
    assert "to_char(contacts.birth_date, 'YYYY-MM-DD')" in pages[0]
    assert "to_date(side_by_side.birth_date, 'YYYY-MM-DD')" in pages[1]
    casts = [one for page in pages for one in sqlglot.parse_one(page, dialect="snowflake").find_all(exp.Cast)]
    assert casts, "numbers and nulls are cast"
    assert not [one.sql() for one in casts if "birth_date" in {column.name for column in one.find_all(exp.Column)}]


def test_why_two_are_one_is_answered_alike(shop):
    """The query of docs/identity.md: a browser whose link the second night brought, its user's e-mail, and one held apart."""
    [why] = re.findall(r"```sql\n(.*?)```", (dbt.ROOT / "docs" / "identity.md").read_text(), re.DOTALL)
    file = shop.duckdb.warehouse_folder / "builds" / "night-2.duckdb"
    ends = [("i_anonymous_id_3", "i_email_4"), ("i_email_5", "i_anonymous_id_5")]
    asked = [why.replace("'i_…' as a, 'i_…' as b", f"'{a}' as a, '{b}' as b") for a, b in ends]
    assert why not in asked
    with duckdb.connect(str(file), read_only=True) as one, connect(shop.snowflake, "main") as other:
        answers = [(one.execute(query).fetchall(), other.run(query)) for query in asked]
    told = "same_event core_events/e4; same_event core_events/e4; "
    path = ("i_anonymous_id_3 i_user_id_4 i_email_4", told, 2, 1 - 4 / 128)
    assert answers == [([path], [path]), ([], [])]


def test_readers_see_last_night_until_the_swap(shop):
    orders = {n: next(one.n_rows for one in shop.compared[n] if one.mart == "fct_orders") for n in (1, 2)}
    assert orders[1] != orders[2]
    assert shop.readers_saw == orders[1]


def test_export_brings_the_same_from_both(shop):
    """What DuckDB's export has written into the lake, Snowflake's finds there, row by row."""
    export.run(shop.night(2, shop.duckdb), shop.lake)
    for report in export.run(shop.night(2, shop.snowflake), shop.lake):
        assert report.version_before == report.version_after, report.detail
        assert report.n_unchanged == report.n_rows > 0


def test_one_changed_value_is_a_difference(shop):
    """The comparison's own control; last, since it spoils a mart."""
    with connect(shop.snowflake) as session:
        session.run(
            "update main.fct_orders set amount = amount + 0.0001 where order_id = (select min(order_id) from main.fct_orders)"
        )
        file = shop.duckdb.warehouse_folder / "builds" / "night-2.duckdb"
        found = {one.mart: one.n_differences for one in compare(file, session, "MAIN") if one.n_differences}
    assert set(found) == {"fct_orders"}
