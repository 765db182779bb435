"""What is asked of segments agrees with the warehouse that dbt built: explanations with every day's members,
fields with those that the night asked, a preview and a diff with the night that follows, a rollback too.
"""

import shutil
from contextlib import suppress
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path

import pytest

from expectations.contracts.home import HomePaths
from expectations.contracts.published import Published
from segments.definition_changes import read_changes
from segments.evaluation.changes import decide, find_smallest_change
from segments.evaluation.explanation import Shop, explain
from segments.evaluation.measures import Context
from segments.evaluation.needs import find_needs
from segments.fields import FIELDS
from segments.parsing.definitions import load_segments, make_reader_of_day, read_definition
from segments.parsing.flaws import SegmentError
from segments.requirements import find_requirements
from segments.sql.night_relations import LIST_MEMBERS, format_fields
from segments.to_sql import DEFINITIONS
from segments.tree.events import Duration
from segments.tree.rules import InSegment, Segment
from serving_app.segments.comparing import CHANGES, compare_members
from serving_app.segments.definitions import (
    Author,
    Definitions,
    find_segment,
    get_rules,
)
from serving_app.segments.explaining import explain_membership
from serving_app.segments.histories import read_history, read_stays
from serving_app.segments.members import MEMBERS, find_members
from serving_app.segments.moments import find_asked
from serving_app.segments.warehouse import Night, SegmentWarehouse
from spark_jobs.publish.deployments import Deployment, deploy
from spark_jobs.publish.rule_files import hash_rule_files, hash_rule_set, store_rule_file_copies
from spark_jobs.warehouse.dbt import PROJECT
from tests.dbt_project.rows import FIRST
from tests.dbt_project.shop import Shop as TradingShop
from tests.segments.golden_definitions import GOLDEN

SEGMENTS = load_segments(DEFINITIONS)
RULES = {segment.segment_id: segment.members for segment in SEGMENTS}
NEW_RULE = """members:
  any:
    - {field: n_orders, op: ">=", value: 2}
    - {field: n_carts_30d, op: ">=", value: 3}
"""
# what the members need, and what says which build it was
BUILT = (
    "--exclude-resource-type",
    "test",
    "unit_test",
    "--select",
    "+fct_customer_segments +dim_warehouse +dim_customers int_build__reads",
)
MEMBERS_OF_DAY = """
    select customer_id, segment_id from fct_customer_segments
    where entered_at <= $day and (left_at is null or left_at > $day)
"""
INPUTS = f"select customer_id, {', '.join(sorted(FIELDS))} from main_intermediate.int_segment_inputs"


@pytest.fixture(scope="module")
def night(built, tmp_path_factory):
    """The last night of the small shop, built anew, so that every day's fields are in it."""
    home = tmp_path_factory.mktemp("asked")
    (home / "warehouse").mkdir()
    (home / "warehouse" / "concierge.duckdb").symlink_to(built.anew)
    with SegmentWarehouse(home, 600).open_night("UTC") as opened:
        yield opened


def list_days(night: Night) -> list[date]:
    """The days that were traded, and two before: an order of 1998 makes ten thousand more."""
    return [FIRST + timedelta(days=n) for n in range(-2, (night.as_of - FIRST).days + 1)]


def read_all_fields(night: Night, day: date) -> dict[str, dict]:
    names = sorted(FIELDS)
    rows = night.ask(format_fields(names), {"day": day})
    return {row[0]: dict(zip(names, row[1:], strict=True)) for row in rows}


def test_fields_of_a_day_are_those_the_night_asked(night):
    """Scores are ranks here and cuts there. Shares of spend the night knows where a rule asks for them."""
    compared = 0
    for day in list_days(night):
        fields = read_all_fields(night, day)
        for customer_id, *values in night.ask(f"{INPUTS} where state_date = ?", [day]):
            asked = dict(zip(sorted(FIELDS), values, strict=True))
            now = dict(fields[customer_id])
            share, exact = asked.pop("spend_percentile"), now.pop("spend_percentile")
            assert (share is None) == (exact is None) and (share is None or share <= exact < share + 90)
            assert {name: value and float(value) for name, value in asked.items()} == {
                name: value and float(value) for name, value in now.items()
            }, (day, customer_id)
            compared += 1
    assert compared > 150


def test_everybody_is_explained_as_the_warehouse_has_them_on_every_day(night):
    """And the clauses that are nearest turn the rule, if they turn."""
    shop, checked, members = Shop(night.calendar, {}, RULES), 0, 0
    names = [name for (name,) in night.ask("select customer_id from dim_customers")]
    histories = {name: read_history(night, name, find_asked(night, None).now) for name in names}
    stays = {name: read_stays(night, name) for name in names}
    for day in list_days(night):
        asked, of_day = find_asked(night, day), set(night.ask(MEMBERS_OF_DAY, {"day": day}))
        for customer_id, values in read_all_fields(night, day).items():
            known = {name: value for name, value in values.items() if value is not None}
            context = Context(customer_id, known, stays[customer_id])
            history = [event for event in histories[customer_id] if event.at < asked.now]
            for segment in SEGMENTS:
                explanation = explain(segment.members, history, asked.now, context, shop)
                is_member = (customer_id, segment.segment_id) in of_day
                assert explanation.is_member == is_member, (day, customer_id, segment.segment_id)
                turned = find_smallest_change(explanation.clause, asked.now)
                changed = {clause.rule: not clause.holds for clause in turned}
                assert turned and decide(explanation.clause, changed) != is_member
                checked, members = checked + 1, members + is_member
    assert checked > 4_000 and members > 400


def test_one_answer_has_the_stay_and_the_values(night):
    """Of each segment a member and somebody else, on the newest day."""
    names = {name for (name,) in night.ask("select customer_id from dim_customers")}
    for segment in SEGMENTS:
        stays = dict(
            night.ask(
                "select customer_id, cast(cast(entered_at as date) as varchar) from fct_customer_segments"
                " where segment_id = ? and left_at is null",
                [segment.segment_id],
            )
        )
        for customer_id in [*sorted(stays)[:1], *sorted(names - stays.keys())[:1]]:
            answer = explain_membership(night, segment, RULES, customer_id, find_asked(night, None))
            assert answer["is_member"] == (customer_id in stays)
            assert answer["member_since"] == stays.get(customer_id)
            assert answer["clause"]["holds"] == answer["is_member"]


def test_previews_are_the_members_of_the_night(night):
    counts = find_members(night, SEGMENTS, RULES, find_asked(night, None))
    found = set(night.ask(f"select customer_id, candidate from {MEMBERS}"))
    stays = night.ask("select customer_id, segment_id from fct_customer_segments where left_at is null")
    places = {segment.segment_id: place for place, segment in enumerate(SEGMENTS)}
    stays = [(customer_id, places[name]) for customer_id, name in stays if name in places]  # not the learned
    assert found == set(stays)
    assert sum(counts) == len(stays) > 30


def test_behaviour_is_explained_as_it_is_previewed(night):
    """Golden definitions, of everybody on two days: the evaluator over a history, and the query over all."""
    has_lists = night.has_table(LIST_MEMBERS)
    needs = {each: find_requirements(each.members, RULES) for each in read_golden()}
    asked_for = [each for each, need in needs.items() if has_lists or not (need.lists or need.item_lists)]
    assert len(asked_for) > 25
    checked = 0
    for first, day in enumerate((night.as_of, night.as_of - timedelta(days=9))):
        asked = find_asked(night, day)
        find_members(night, asked_for, RULES, asked)
        found = set(night.ask(f"select candidate, customer_id from {MEMBERS}"))
        for (customer_id,) in night.ask("select customer_id from asked_fields order by 1")[first::2]:
            for place, segment in enumerate(asked_for):
                answer = explain_membership(night, segment, RULES, customer_id, asked)
                assert answer["is_member"] == ((place, customer_id) in found), (customer_id, segment)
                checked += 1
        assert len(found) > 15
    assert checked > 500


def read_golden() -> list[Segment]:
    """The golden definitions that ask for nothing but what the warehouse knows of every day, and stays."""
    read = make_reader_of_day()
    segments = []
    for file in sorted(GOLDEN.glob("*.yml")):
        with suppress(SegmentError):
            segments.append(read_definition(file.read_text(), file.name, read()).segment)
    known = [each for each in segments if not find_needs(each.members).segments - RULES.keys()]
    stays = [
        InSegment("loyal", since_at_least=Duration(2, "day")),
        InSegment("lapsed", None, Duration(1, "week")),
    ]
    return [*known, *(Segment(f"stay_{n}", "Stay", "rule", "", rule) for n, rule in enumerate(stays))]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project, which builds read instead of it: what is generated of these definitions is no
    other test's business.
    """
    copy = tmp_path_factory.mktemp("project") / "dbt_project"
    shutil.copytree(PROJECT, copy, ignore=shutil.ignore_patterns("target", "logs", "generated"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("spark_jobs.warehouse.dbt.PROJECT", copy)
        yield copy


@pytest.fixture(scope="module")
def shop(new_home, project):
    """A home whose lake has eight days of trade."""
    home, trading = new_home("rollback"), TradingShop()
    for n in range(8):
        trading.trade(n)
    trading.write(home.lake)
    return home


def build_and_deploy(home, run_id: str) -> Path:
    """A night's warehouse of the same lake, published with the definitions that made it."""
    file = home.build(run_id, FIRST + timedelta(days=7), *BUILT)
    home.publish(run_id, file)
    files = hash_rule_files(home.root)
    store_rule_file_copies(home.root, files)
    rules = {"digest": hash_rule_set(files), "files": files}
    record = Published.read(home.root)
    deploy(
        home.root,
        Deployment(f"2026-01-13T03:00:0{run_id}Z", "publish", "2026-01-12", asdict(record), {}, rules),
    )
    return file


def ask_night(home, ask):
    with SegmentWarehouse(home.root, 600).open_night("UTC") as night:
        return ask(night)


def read_all_stays(night: Night) -> set[tuple]:
    return set(night.ask("select * from fct_customer_segments"))


# Over 10 s: three nights by dbt, of two definitions and of the first again.
def test_a_night_does_what_was_previewed_and_the_next_undoes_it(shop):
    build_and_deploy(shop, "1")
    definitions = Definitions(shop.root)
    changed = (DEFINITIONS / "window_shoppers.yml").read_text().partition("members:")[0] + NEW_RULE
    segment, in_use = definitions.parse(changed), definitions.read_in_use()
    before = ask_night(shop, read_all_stays)

    def preview(night: Night) -> tuple[dict, dict]:
        old = find_segment(in_use, "window_shoppers")
        answer = compare_members(night, old, segment, get_rules(in_use), find_asked(night, None))
        return answer, dict(night.ask(CHANGES))

    answer, changes = ask_night(shop, preview)
    own = HomePaths(shop.root).segment_definition("window_shoppers")
    own.parent.mkdir()
    own.write_text(changed)
    build_and_deploy(shop, "2")
    members = [
        {row[0] for row in stays if row[1] == "window_shoppers" and row[3] is None}
        for stays in (before, ask_night(shop, read_all_stays))
    ]
    came, went = members[1] - members[0], members[0] - members[1]
    assert changes == dict.fromkeys(came, "enters") | dict.fromkeys(went, "leaves")
    assert (answer["n_before"], answer["n_after"]) == tuple(map(len, members))
    assert came and went and answer["n_stays"] == len(members[0] & members[1])

    assert [version.is_in_force for version in definitions.list_versions("window_shoppers")] == [False, True]
    definitions.roll_back("window_shoppers", 1, "2026-01-13T09:00:00Z", Author("MK", "too many"))
    assert not own.exists(), "the shipped text is what the next night reads"
    build_and_deploy(shop, "3")
    assert ask_night(shop, read_all_stays) == before, "its whole history is worked out by the version again"
    first, second = definitions.list_versions("window_shoppers")
    assert [until for _, until in first.periods] == ["2026-01-13T03:00:02Z", None]
    assert second.periods == (("2026-01-13T03:00:02Z", "2026-01-13T03:00:03Z"),)
    assert [change.reason for change in read_changes(shop.root)] == ["too many"]
