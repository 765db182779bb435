"""Identify on a lake: anonymous history is joined, late data renames, sharing splits, and any order of nights
ends the same.
"""

from contextlib import nullcontext
from datetime import UTC, date, datetime

import pytest

from expectations.contracts import identity_decision_file
from expectations.contracts import identity_decisions as decisions
from expectations.contracts.identifiers import derive_customer_id
from expectations.contracts.lake import (
    CORE_IDENTIFIERS,
    CORE_IDENTITIES,
    CORE_IDENTITY_CHANGES,
    CORE_IDENTITY_DECISIONS,
    CORE_IDENTITY_LIKENESS,
    CORE_IDENTITY_LINKS,
    CORE_IDENTITY_REVIEWS,
    OPS_RUNS,
)
from expectations.contracts.tables import Table
from spark_jobs.identify import job
from spark_jobs.identify.changes import resolve_customer_id
from spark_jobs.lake.tables import Lake
from spark_jobs.run import launcher
from spark_jobs.run.checks import STEP
from spark_jobs.run.context import RunContext
from tests.spark_jobs.identify.conftest import SHOP, a_night, at, event, iid, order, person, write

EMAIL = "canary.person@example.test"
OUT = (
    CORE_IDENTITY_LIKENESS,
    CORE_IDENTITY_DECISIONS,
    CORE_IDENTITY_LINKS,
    CORE_IDENTITIES,
    CORE_IDENTITY_CHANGES,
    CORE_IDENTITY_REVIEWS,
)


@pytest.fixture
def lake(tmp_path) -> Lake:
    """An empty lake without a session: who is who needs none."""
    return Lake(tmp_path / "lake")


FIRST = [
    event(1, 1, anonymous="browser"),  # browses before anyone knows who it is
    event(2, 2, user="late", anonymous="laptop"),
    event(3, 3, user="first", anonymous="tablet"),  # a family's tablet, which only one of them has used yet
    person(1, 4, crm="100", user="late", email=EMAIL, phone="+49 30 1"),
]
SECOND = [
    event(4, 30, user="known", anonymous="browser"),  # … and logs in
    event(5, 31, user="second", anonymous="tablet"),
    # three days late: earlier than all that was known of this user
    event(6, 0, user="late", anonymous="mobile"),
    event(7, 32, anonymous="stranger", order_id="o2"),
    order(2, 32, email="guest@example.test"),
    order(3, 33, user="late", email=EMAIL),
]


def decide(home, word: str, a: str, b: str) -> None:
    at_noon = datetime(2026, 1, 20, 12, tzinfo=UTC)
    identity_decision_file.append_decision(
        home / identity_decision_file.DECISIONS_FILE,
        decisions.Decision(at_noon, word, iid(a), iid(b), "ops", "asked the customer"),
    )


def held(lake: Lake) -> dict[tuple[str, str], str | None]:
    """Link → what holds it."""
    rows = lake.read_arrow(CORE_IDENTITY_LINKS).to_pylist()
    return {(row["identifier_id_a"], row["identifier_id_b"]): row["held_by"] for row in rows}


def whose(lake: Lake) -> dict[str, str]:
    return {row["identifier_id"]: row["customer_id"] for row in lake.read_arrow(CORE_IDENTITIES).to_pylist()}


def test_two_nights_then_again_then_at_once(lake, tmp_path):
    write(lake, FIRST)
    job.run(a_night(tmp_path, 1), lake)
    first = whose(lake)
    assert first[iid("user_id:first")] == first[iid("anonymous_id:tablet")]
    late = {
        first[iid(name)]
        for name in ("user_id:late", "anonymous_id:laptop", "crm_id:100", f"email:{EMAIL}", "phone:+49 30 1")
    }
    assert late == {derive_customer_id(iid("anonymous_id:laptop"))}, (
        "laptop and user were first seen in one event: the kind decides"
    )

    write(lake, SECOND)
    job.run(a_night(tmp_path, 2), lake)
    now = whose(lake)
    browser = derive_customer_id(iid("anonymous_id:browser"))
    assert now[iid("anonymous_id:browser")] == now[iid("user_id:known")] == browser, (
        "anonymous history is the known person's (F30)"
    )
    assert now[iid("anonymous_id:stranger")] == now[iid("email:guest@example.test")], "the order names both"
    tablet = {now[iid(name)] for name in ("user_id:first", "user_id:second", "anonymous_id:tablet")}
    assert len(tablet) == 3, "a shared tablet joins nobody"
    assert now[iid("user_id:late")] == derive_customer_id(iid("anonymous_id:mobile")), (
        "the late event's browser founds the customer"
    )

    log = lake.read_arrow(CORE_IDENTITY_CHANGES).to_pylist()
    told = {
        (row["change"], row["customer_id"]): row for row in log if row["landing_date"] == date(2026, 1, 7)
    }
    assert told["renamed", late.pop()]["because"] == "same_event core_events/e6"
    split = told["split", first[iid("user_id:first")]]
    assert split["because"] == "no longer followed: same_event core_events/e3"
    assert all(
        resolve_customer_id(log, old) == now[identifier]
        for identifier, old in first.items()
        if old == derive_customer_id(identifier)
    )
    (link,) = [
        row
        for row in lake.read_arrow(CORE_IDENTITY_LINKS).to_pylist()
        if row["evidence"] == "core_order_lines/sample_shop/o2/1"
    ]
    assert (link["rule"], link["weight"], link["first_seen_at"]) == ("same_order", 1.0, at(32))

    versions = [lake.version(table) for table in OUT]
    job.run(a_night(tmp_path, 2), lake)
    assert [lake.version(table) for table in OUT] == versions, "a night run again writes nothing"

    at_once = Lake(tmp_path / "at_once")
    write(at_once, SECOND + FIRST)
    job.run(a_night(tmp_path, 2), at_once)
    for table in (CORE_IDENTITIES, CORE_IDENTITY_LINKS):
        assert sorted(map(str, at_once.read_arrow(table).to_pylist())) == sorted(
            map(str, lake.read_arrow(table).to_pylist())
        )
    everything = str([lake.read_arrow(table).to_pylist() for table in OUT])
    assert not [value for value in (EMAIL, "guest@example.test", "+49 30 1") if value in everything], (
        "personal values leaked"
    )


def issued(lake: Lake) -> set[str]:
    return {
        row["customer_id"]
        for row in lake.read_arrow(CORE_IDENTITY_CHANGES).to_pylist()
        if row["change"] == "created"
    }


def test_a_night_that_was_cut_off_leaves_no_changes_of_its_own(lake, tmp_path, monkeypatch):
    """It dies behind the log; by the next try more is known, and an id it gave out was never anybody's."""
    write(lake, FIRST)
    job.run(a_night(tmp_path, 1), lake)
    write(lake, [event(8, 40, user="fresh", anonymous="fresh")])
    cut_off(a_night(tmp_path, 2), lake, CORE_IDENTITIES, monkeypatch)
    stale = derive_customer_id(iid("anonymous_id:fresh"))
    assert stale in issued(lake)
    write(lake, [event(9, 39, user="fresh", anonymous="older")])
    job.run(a_night(tmp_path, 3), lake)
    assert issued(lake) == set(whose(lake).values()), "every id of the log was somebody's"

    decide(tmp_path, "split", "user_id:late", "anonymous_id:laptop")
    cut_off(a_night(tmp_path, 4), lake, CORE_IDENTITIES, monkeypatch)
    assert "split" in changed(lake)
    decide(tmp_path, "withdraw", "user_id:late", "anonymous_id:laptop")
    job.run(a_night(tmp_path, 5), lake)
    assert "split" not in changed(lake), (
        "what was never carried out was taken back, and nothing else happened"
    )


def test_why_something_parted_outlives_a_night_that_was_cut_off(lake, tmp_path, monkeypatch):
    """It dies behind the identities; the links of the night before, which say why, are still there."""
    write(lake, FIRST)
    job.run(a_night(tmp_path, 1), lake)
    write(lake, SECOND)
    cut_off(a_night(tmp_path, 2), lake, CORE_IDENTITY_LINKS, monkeypatch)
    job.run(a_night(tmp_path, 3), lake)
    told = [row for row in lake.read_arrow(CORE_IDENTITY_CHANGES).to_pylist() if row["change"] == "split"]
    assert [row["because"] for row in told] == ["no longer followed: same_event core_events/e3"]
    assert "shared/browser_of_two_holders" in held(lake).values(), "and the links came with the second try"


def cut_off(night: RunContext, lake: Lake, before: Table, monkeypatch) -> None:
    """Run a night that dies before this table is written."""
    written = Lake.replace

    def put(lake, frame, table, within="true"):
        if table is before:
            raise KeyboardInterrupt
        return written(lake, frame, table, within)

    with monkeypatch.context() as cut, pytest.raises(KeyboardInterrupt):
        cut.setattr(Lake, "replace", put)
        job.run(night, lake)


def changed(lake: Lake) -> set[str]:
    return {row["change"] for row in lake.read_arrow(CORE_IDENTITY_CHANGES).to_pylist()}


def test_a_night_stops_at_the_border_and_says_no_value(spark, tmp_path, monkeypatch, capfd, caplog):
    """An e-mail where an id belongs: identify writes it on, the suite stops the night, twice, and nobody
    prints it.
    """
    monkeypatch.setattr("spark_jobs.engine.client.open_session", lambda *_: nullcontext(spark))
    for name, planted, ends in (("good", iid("user_id:u"), [0, 0]), ("bad", EMAIL, [1, 1])):
        monkeypatch.setenv("CONCIERGE_HOME", str(tmp_path / name))
        lake = Lake(tmp_path / name / "lake", spark)
        row = {
            "identifier_id": planted,
            "kind": "user_id",
            "source": SHOP,
            "first_seen_at": at(0),
            "value": "u",
            "value_normalised": "u",
        }
        lake.replace_rows([row], CORE_IDENTIFIERS)
        argv = ["identify", "--from", "2026-01-05", "--to", "2026-01-05", "--run-id", "r"]
        assert [launcher.main(argv), launcher.main(argv)] == ends
        check_results = [
            row["detail"] for row in lake.read_arrow(OPS_RUNS).to_pylist() if row["step"] == STEP
        ]
        printed = capfd.readouterr()
        assert EMAIL not in printed.out + printed.err + caplog.text + str(check_results)
        if name == "bad":
            assert (
                "core_identities: identifier_id: column_values_to_match_regex (1 rows): Only an id may stand"
                " here" in printed.err
            )
            assert len([detail for detail in check_results if '"passed": false' in detail]) == 4, (
                "two tables, twice: the reason quotes the id"
            )
        else:
            assert len(check_results) == len(OUT), "a version that has passed is not checked again"


def named(number: int, hour: int, first: str, birth: date, **who) -> tuple:
    about = {
        "first_name": first,
        "last_name": "Oberländer",
        "postcode": "10115",
        "city": "Berlin",
        "country": "DE",
    }
    return person(number, hour, birth_date=birth, **about, **who)


def test_records_that_are_alike_are_one_person_and_placeholders_are_nobody(lake, tmp_path):
    """A second card, no e-mail of its own and a letter wrong; a sister at the same address; three cards with
    `test@test.com`.
    """
    born = date(1980, 3, 14)
    write(
        lake,
        [
            named(1, 1, "Friederike", born, crm="100", user="rike", email="rike@example.test"),
            named(2, 2, "Freiderike", born, crm="200", email="test@test.com"),
            named(3, 3, "Adelheid", date(1983, 11, 2), crm="300", email="test@test.com"),
            person(4, 4, crm="400", email="test@test.com", user="null"),
        ],
    )
    job.run(a_night(tmp_path, 1), lake)
    now = whose(lake)
    assert now[iid("crm_id:100")] == now[iid("crm_id:200")], "the second card"
    assert len({now[iid(f"crm_id:{n}")] for n in (100, 300, 400)}) == 3, (
        "sisters are two, and a placeholder joins nobody"
    )
    assert iid("email:test@test.com") not in now and iid("user_id:null") not in now, (
        "nobody stands behind them"
    )
    (pair,) = [row for row in lake.read_arrow(CORE_IDENTITY_LIKENESS).to_pylist() if row["is_one_person"]]
    assert (pair["record_id_a"], pair["record_id_b"]) == ("r1", "r2") and pair["probability"] > 0.5
    (link,) = [row for row in lake.read_arrow(CORE_IDENTITY_LINKS).to_pylist() if row["rule"] == "alike"]
    assert link["weight"] == pair["probability"]
    assert link["evidence"] == "core_people/sample_shop/r1~sample_shop/r2" and link["first_seen_at"] == at(2)
    reasons = {why.split("/")[0] for why in held(lake).values() if why}
    assert reasons == {"blocked"}
    everything = str([lake.read_arrow(table).to_pylist() for table in OUT])
    assert not [value for value in ("rike", "Oberl", "10115", "1980") if value in everything], (
        "personal values leaked"
    )
    page = (tmp_path / "reports" / "night-1" / "identity.html").read_text()
    assert not [value for value in ("Friederike", "Oberl", "10115", "rike@") if value in page]
