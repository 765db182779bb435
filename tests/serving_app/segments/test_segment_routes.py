"""`/v1/segments` of the small shop: figures worked out by hand from `small_warehouse`."""

import pytest

from serving_app.storage.snapshots import Snapshot
from tests.serving_app.conftest import NEWCOMER, REGULAR, pairs

LAPSED = """segment_id: lapsed
name: Lapsed
kind: rule
description: No order for ten days.
members: {field: days_since_last_order, op: ">=", value: 10}
"""
YAML = {"content_type": "application/yaml"}


def check_problem(answer, status, kind):
    assert (answer.status_code, answer.json["type"]) == (status, f"urn:concierge:problem:{kind}"), answer.text
    return answer.json


def test_the_list_has_sizes_of_the_newest_day(segments):
    answer = segments.client.get("/v1/segments").json
    assert (answer["day"], answer["snapshot"]) == ("2026-02-20", "night-1")
    sizes = {one["segment_id"]: one["n_customers"] for one in answer["segments"]}
    others = dict.fromkeys(("frequent_buyers", "lapsed", "like_champions", "window_shoppers"), 1)
    assert sizes == {"champions": 2, "loyal": 0, **others}


def test_a_segment_has_its_rule_in_words(segments):
    answer = segments.client.get("/v1/segments/frequent_buyers").json
    assert (answer["rule"], answer["n_customers"]) == ("n_orders_90d >= 3", 1)
    assert answer["sizes"] == [{"day": "2026-02-20", "n_customers": 1}]
    for path in ("nothing", "nothing/members", f"nothing/explain?customer_id={REGULAR}"):
        check_problem(segments.client.get(f"/v1/segments/{path}"), 404, "unknown-segment")


def test_a_learned_segment_has_members_and_no_rule(segments):
    answer = segments.client.get("/v1/segments/like_champions").json
    assert (answer["kind"], answer["n_customers"], answer["rule"]) == ("lookalike", 1, None)
    members = segments.client.get("/v1/segments/like_champions/members").json["members"]
    assert members == [{"customer_id": NEWCOMER, "member_since": "2026-02-19"}]
    path = f"/v1/segments/like_champions/explain?customer_id={NEWCOMER}"
    answer = segments.client.get(path).json
    assert (answer["is_member"], answer["member_since"], answer["clause"]) == (True, "2026-02-19", None)
    said = "like_champions; like_champions is learned: it has no rule to explain."
    assert answer["sentence"] == f"In {said}"
    other = segments.client.get(path.replace(NEWCOMER, REGULAR)).json
    assert (other["is_member"], other["sentence"]) == (False, f"Not in {said}")


def test_overlaps_are_counted_once(segments):
    """Champions are the regular and the stranger; each other segment has one of the two."""
    pairs = segments.client.get("/v1/segments/overlap").json["pairs"]
    assert [(one["with"], one["segment_id"], one["n_shared"], one["jaccard"]) for one in pairs] == [
        ("champions", "frequent_buyers", 1, 0.5),
        ("champions", "lapsed", 1, 0.5),
        ("like_champions", "window_shoppers", 1, 1.0),
    ]


def test_members_come_in_pages_of_those_who_may_be_named(segments):
    """The stranger is counted and not named, so the second page is empty."""
    first = segments.client.get("/v1/segments/champions/members?limit=1").json
    assert first["members"] == [{"customer_id": REGULAR, "member_since": "2026-02-03"}]
    cursor = first["next_cursor"]
    second = segments.client.get(f"/v1/segments/champions/members?limit=1&cursor={cursor}").json
    assert (second["members"], second["next_cursor"]) == ([], None)
    check_problem(segments.client.get("/v1/segments/champions/members?cursor=%C3%A9"), 400, "bad-request")
    check_problem(segments.client.get("/v1/segments/champions/members?limit=0"), 400, "bad-request")


def test_explained_by_a_user_id(segments):
    """Four orders on four days in 31; none for 19, which is 1.838 times a third of 31."""
    answer = segments.client.get("/v1/segments/frequent_buyers/explain?user_id=u-regular").json
    assert (answer["customer_id"], answer["is_member"], answer["member_since"]) == (
        REGULAR,
        True,
        "2026-02-04",
    )
    assert answer["sentence"] == "In frequent_buyers; it would end when n_orders_90d is below 3 (it is 4)."
    assert answer["changes"][0]["gap"] == pytest.approx(1 / 3)
    before = segments.client.get(f"/v1/segments/lapsed/explain?customer_id={REGULAR}").json
    assert before["is_member"] is False
    days, waited = before["clause"]["parts"]
    assert (days["value"], days["threshold"]) == (19, 90)
    assert [(part["value"], part["holds"]) for part in waited["parts"]] == [(19, False), (183, False)]


def test_explained_before_they_came(segments):
    path = f"/v1/segments/window_shoppers/explain?customer_id={NEWCOMER}&at="
    answer = segments.client.get(f"{path}2026-02-09").json
    assert (answer["is_member"], answer["clause"]) == (False, None)
    assert answer["sentence"].endswith("no customer by the end of 2026-02-09.")
    assert segments.client.get(f"{path}2026-02-10").json["clause"] is not None
    # of a moment what is known is that of the day before
    assert segments.client.get(f"{path}2026-02-11T00:00:00Z").json["clause"] is not None
    assert segments.client.get(f"{path}2026-02-10T23:59:59Z").json["clause"] is None
    for wrong in ("2026-02-21", "2026-02-21T00:00:01Z", "2026-W08", "yesterday", "2026-02-11T00:00:00"):
        check_problem(segments.client.get(f"{path}{wrong}"), 400, "bad-request")
    problem = segments.client.get(f"{path}2026-02-11T00:00:00+01:00").json
    assert problem["detail"].endswith("with its offset; + is %2B in an address")


def test_previewed_and_compared(segments):
    """Ten days without an order: the regular and the stranger; by the shipped rule the stranger alone."""
    answer = segments.client.post("/v1/segments/preview", data=LAPSED, **YAML).json
    assert (answer["n_members"], answer["n_customers"], answer["sample"]) == (2, 3, [REGULAR])
    assert {one["segment_id"]: one["n_shared"] for one in answer["overlaps"]} == {
        "champions": 2,
        "frequent_buyers": 1,
        "lapsed": 1,
    }
    answer = segments.client.post("/v1/segments/diff", data=LAPSED, **YAML).json
    names = ("n_before", "n_after", "n_enters", "n_leaves", "n_stays", "enters", "leaves")
    assert [answer[name] for name in names] == [1, 2, 1, 0, 1, [REGULAR], []]


def test_json_is_understood_with_places(segments):
    definition = {
        "segment_id": "lapsed",
        "name": "Lapsed",
        "kind": "rule",
        "description": "Ten days.",
        "members": {"field": "days_since_last_order", "op": ">=", "value": 10},
    }
    assert segments.client.post("/v1/segments/preview", json=definition).json["n_members"] == 2
    wrong = LAPSED.replace("days_since_last_order", "days_since_last_oder")
    problem = check_problem(
        segments.client.post("/v1/segments/diff", data=wrong, **YAML), 400, "bad-definition"
    )
    (flaw,) = problem["flaws"]
    assert (flaw["line"], flaw["column"]) == (5, 18)
    assert "did you mean 'days_since_last_order'" in flaw["message"]


def test_a_trait_of_sql_is_refused_with_what_it_is(segments):
    wrong = LAPSED.replace("days_since_last_order", "share_returned")
    problem = check_problem(
        segments.client.post("/v1/segments/preview", data=wrong, **YAML), 400, "bad-definition"
    )
    assert "is a trait of SQL, known only as of the nights that were run" in problem["flaws"][0]["message"]


def test_a_definition_of_no_segment_is_previewed_and_not_compared(segments):
    other = LAPSED.replace("segment_id: lapsed", "segment_id: late")
    assert segments.client.post("/v1/segments/preview", data=other, **YAML).json["n_members"] == 2
    check_problem(segments.client.post("/v1/segments/diff", data=other, **YAML), 404, "unknown-segment")


@pytest.mark.parametrize(
    ("rule", "members"),
    [
        ("{list: vip}", [REGULAR]),
        ("{not: {list: vip}}", [NEWCOMER]),
        ('{count: view, where: {item_id: {in_list: new_mugs}}, op: ">=", value: 1}', [REGULAR]),
        ('{count: view, where: {item_id: {not_in_list: new_mugs}}, op: ">=", value: 1}', [NEWCOMER]),
        ('{count: view, period: this day, op: ">=", value: 1}', [NEWCOMER, REGULAR]),
        ('{last: view, ago: {">=": 13 hours}}', [REGULAR]),
    ],
)
def test_lists_and_events_are_asked_alike(segments, rule, members):
    """By a preview of everybody, and of each alone; the stranger is counted and not named."""
    definition = LAPSED.partition("members:")[0] + f"members: {rule}"
    answer = segments.client.post("/v1/segments/preview", data=definition, **YAML).json
    assert sorted(answer["sample"]) == members
    copy = segments.home / "segments" / "lapsed.yml"
    copy.parent.mkdir()
    copy.write_text(definition)
    for name in (REGULAR, NEWCOMER):
        path = f"/v1/segments/lapsed/explain?customer_id={name}"
        assert segments.client.get(path).json["is_member"] == (name in members)


def test_days_are_the_shops(segments):
    """In Berlin a stay of 3 February began at 23:00 of the day before in UTC."""
    zoned = Snapshot.from_pairs("night-2", pairs(time_zone="Europe/Berlin"))
    segments.snapshots.publish(zoned)
    path = f"/v1/segments/champions/explain?customer_id={REGULAR}&at=2026-02-03"
    answer = segments.client.get(path).json
    assert (answer["member_since"], answer["at"]) == ("2026-02-03", "2026-02-03T22:59:59Z")
