"""`/v1/identity/explain`: each case of the small shop, and every question that is not understood."""

import pytest

from expectations.contracts import snapshot as contract
from serving_app.storage.snapshots import Snapshot
from tests.serving_app.identity.calls import EXPLAIN, SECRET, check_problem, explain


def test_one_customer_and_the_path_that_says_so(shop):
    answer, of = explain(shop, f"email: {SECRET.upper()}", "anonymous_id:cookie-regular"), shop.ids
    mail, user, cookie = of[SECRET], of["u-regular"], of["cookie-regular"]
    assert answer["is_one_customer"] is True
    assert answer["a"] == {
        "identifier_id": mail,
        "kind": "email",
        "customer_id": "c_regular",
        "n_links_left_out": 0,
    }
    assert [
        (hop["from"]["identifier_id"], hop["to"]["identifier_id"], hop["to"]["kind"], hop["rule"])
        for hop in answer["path"]
    ] == [(mail, user, "user_id", "same_order"), (user, cookie, "anonymous_id", "same_event")]
    assert answer["path"][0] | {"from": 0, "to": 0} == {
        "from": 0,
        "to": 0,
        "rule": "same_order",
        "evidence": "core_order_lines/sample_shop/o/9/1",
        "weight": 1.0,
        "first_seen_at": "2026-01-10T08:00:00.000000Z",
        "is_followed": True,
        "held_by": None,
    }
    assert (
        answer["sentence"]
        == f"E-mail address {mail} and browser {cookie} are one customer: e-mail address {mail} and user id"
        f" {user} were seen together in the order o/9 of sample_shop on 2026-01-10; user id {user} and"
        f" browser {cookie} were seen together in the event e1 on 2026-01-25."
    )
    assert (answer["held"], answer["snapshot"], answer["as_of"]) == ([], "night-1", None)


def test_ids_and_values_ask_the_same(shop):
    by_value = explain(shop, "user_id:u-sister", "crm_id:crm-77")
    assert by_value == explain(shop, shop.ids["u-sister"], shop.ids["crm-77"])
    assert by_value["sentence"].endswith(
        "stand in the person records crm/1 and crm/2, which are alike with probability 0.9625, known since"
        " 2026-01-05."
    )


def test_two_customers_and_the_decision_that_keeps_them_so(shop):
    answer = explain(shop, "user_id:u-third", "user_id:u-regular")
    assert (answer["is_one_customer"], answer["path"]) == (False, [])
    assert [(hop["held_by"], hop["is_followed"]) for hop in answer["held"]] == [("decision/refuse", False)]
    assert "are two customers: user id" in answer["sentence"]
    assert "which is not followed (a person's decision: refuse)." in answer["sentence"]


def test_two_customers_with_a_shared_device_between_them(shop):
    answer = explain(shop, "crm_id:crm-77", "anonymous_id:cookie-regular")
    assert {(hop["from"]["identifier_id"], hop["to"]["identifier_id"]) for hop in answer["held"]} == {
        (shop.ids["u-sister"], shop.ids["tablet"]),
        (shop.ids["u-regular"], shop.ids["tablet"]),
    }
    assert "not followed (rule shared/browser of spark_jobs/identify/rules.yml)" in answer["sentence"]


def test_a_placeholder_is_nobodys_and_the_rule_that_says_so(shop):
    answer, null = explain(shop, "user_id:null", f"email:{SECRET}"), shop.ids["null"]
    assert (answer["is_one_customer"], answer["a"]["customer_id"], answer["a"]["n_links_left_out"]) == (
        False,
        None,
        9_998,
    )
    assert [hop["held_by"] for hop in answer["held"]] == ["blocked/words_for_nothing"]
    assert (
        answer["sentence"]
        == f"User id {null} and e-mail address {shop.ids[SECRET]} are not one customer, since nobody stands"
        f" behind user id {null}, a value that spark_jobs/identify/rules.yml blocks: user id {null} and"
        f" browser {shop.ids['cookie-regular']} were seen together in the event e20 on 2026-01-17, which"
        " is not followed (rule blocked/words_for_nothing of spark_jobs/identify/rules.yml). Later links"
        f" of user id {null} are left out here, 9,998 of them; fct_identity_links has them."
    )
    alone = explain(shop, "user_id:null", null)
    assert (alone["is_one_customer"], "which is nobody's: a value that" in alone["sentence"]) == (False, True)


def test_two_customers_that_a_placeholder_stood_beside(shop):
    answer = explain(shop, f"email:{SECRET}", "anonymous_id:cookie-newcomer")
    assert {(hop["to"]["identifier_id"], hop["to"]["customer_id"]) for hop in answer["held"]} == {
        (shop.ids["null"], None)
    }
    assert "are two customers that no link joins directly: browser" in answer["sentence"]


def test_two_customers_that_meet_in_a_third(shop):
    """The newcomer was seen with the tablet, the sister with the phone that is its customer's too."""
    held = shop.snapshots.get_current()
    of, links = shop.ids, {}
    for one, other, held_by in (
        ("cookie-newcomer", "u-third", "shared/phone"),
        ("u-sister", "crm-77", "shared/phone"),
        ("u-third", "crm-77", None),
    ):
        for a, b in ((one, other), (other, one)):
            links.setdefault(a, []).append(
                contract.Link(of[b], "same_event", "core_events/e", 1.0, shop.clock(), held_by)
            )
    whose = {
        "u-third": "c_third",
        "crm-77": "c_third",
        "u-sister": "c_sister",
        "cookie-newcomer": "c_newcomer",
    }
    pairs = {contract.META: contract.pack_record(held.meta), contract.REVIEWS: contract.pack_reviews([])}
    for name, ends in links.items():
        pairs[contract.get_identifier_links_key(of[name])] = contract.pack_links(
            contract.IdentifierLinks("user_id", whose[name], tuple(ends))
        )
    shop.snapshots.publish(Snapshot.from_pairs("third", pairs.items()))
    answer = explain(shop, of["cookie-newcomer"], of["u-sister"])
    both = sorted((of["u-third"], of["crm-77"]))
    assert {hop["to"]["customer_id"] for hop in answer["held"]} == {"c_third"} and len(answer["held"]) == 2
    assert answer["sentence"].endswith(f"user id {both[0]} and user id {both[1]} are one customer, a third.")


def test_a_customer_too_large_to_explain_is_left_to_sql(shop, monkeypatch):
    monkeypatch.setattr("serving_app.identity.explanation.MAX_READ", 3)
    answer = shop.client.get(EXPLAIN, query_string={"a": "crm_id:crm-77", "b": "anonymous_id:cookie-regular"})
    check_problem(answer, 422, "too-large-to-explain", "ask fct_identity_links in SQL")


def test_nothing_between_them(shop):
    answer = explain(shop, "user_id:u-third", "anonymous_id:cookie-newcomer")
    assert (answer["path"], answer["held"]) == ([], [])
    assert answer["sentence"].endswith("are two customers: nothing links them.")


@pytest.mark.parametrize(
    ("as_of", "is_one", "until"),
    [
        ("2026-01-24", False, "2026-01-24T23:59:59.999999Z"),
        ("2026-01-25", True, "2026-01-25T23:59:59.999999Z"),
        ("2026-01-25T07:59:59Z", False, "2026-01-25T07:59:59.000000Z"),
        ("2026-01-25T09:00:00+01:00", True, "2026-01-25T08:00:00.000000Z"),
    ],
)
def test_as_of_a_day_or_a_moment(shop, as_of, is_one, until):
    answer = explain(shop, "user_id:u-regular", "anonymous_id:cookie-regular", as_of=as_of)
    assert (answer["is_one_customer"], answer["as_of"]) == (is_one, until)
    assert answer["sentence"].startswith("By the links seen until 2026-01-2")
    assert "judged by the rules of today, user id" in answer["sentence"]
    assert answer["a"]["customer_id"] == answer["b"]["customer_id"] == "c_regular", "whose they are now"


@pytest.mark.parametrize(
    ("query", "status", "kind", "words"),
    [
        ({"a": "user_id:u-regular"}, 400, "bad-request", "b: Field required"),
        (
            {"a": SECRET, "b": "user_id:u-regular"},
            400,
            "bad-request",
            "a must be an identifier_id, or one of user_id:<value>, ",
        ),
        ({"a": "user_id:u-regular", "b": f"mail:{SECRET}"}, 400, "bad-request", "b must be an identifier_id"),
        ({"a": "user_id: ", "b": "user_id:u-regular"}, 400, "bad-request", "a must be an identifier_id"),
        (
            {"a": "user_id:u-regular", "b": "user_id:u-sister", "as_of": "then"},
            400,
            "bad-request",
            "as_of: must be a d",
        ),
        (
            {"a": "user_id:u-regular", "b": "user_id:u-sister", "as_of": "2026-01-25T08:00:00"},
            400,
            "bad-request",
            "with its offset",
        ),
        *(
            (
                {"a": "user_id:u-regular", "b": "user_id:u-sister", "as_of": as_of},
                400,
                "bad-request",
                "as_of: must be a d",
            )
            for as_of in (
                "2026-W08",
                "2026-W08-1",
                "20260221",
                "2026-W08-1T08:00:00Z",
                "2026-02-21\n",
                "2026-2-1",
            )
        ),
        (
            {"a": "user_id:u-regular", "b": "user_id:u-sister", "as_of": "9999-12-31"},
            400,
            "bad-request",
            "as_of: must be a d",
        ),
        (
            {"a": "user_id:u-regular", "b": "email:x@shop.example"},
            404,
            "unknown-identifier",
            "known by what b says",
        ),
        ({"a": "i_" + "0" * 32, "b": "user_id:u-regular"}, 404, "unknown-identifier", "known by what a says"),
    ],
)
def test_a_question_that_is_not_understood(shop, query, status, kind, words):
    check_problem(shop.client.get(EXPLAIN, query_string=query), status, kind, words)
