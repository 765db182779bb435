"""Decisions and reviews over HTTP: what is answered, what is stored, who may ask, and that no value is ever
repeated.
"""

import pytest

from expectations.contracts import snapshot as contract
from expectations.contracts.identity_decision_file import read_decisions
from expectations.contracts.identity_decisions import HEADER
from serving_app.storage.snapshots import Snapshot
from tests.serving_app.identity.calls import (
    DECISIONS,
    EXPLAIN,
    REVIEWS,
    SECRET,
    SPLIT,
    check_problem,
    decide,
    explain,
)


def test_a_decision_is_kept_and_told(shop):
    recorded = decide(shop)
    assert recorded.status_code == 201
    of = shop.ids
    assert recorded.json | {"decision_id": "d"} == {
        "decision_id": "d",
        "decided_at": "2026-02-21T12:00:00.000000Z",
        "decision": "split",
        "identifier_a": of["u-regular"],
        "identifier_b": of[SECRET],
        "decided_by": "MK",
        "reason": "two sisters",
        "takes_effect": "with the next night",
    }
    [stored] = read_decisions(shop.home / "identity" / "decisions.csv")
    assert (stored.decision_id, stored.decision, stored.decided_at) == (
        recorded.json["decision_id"],
        "split",
        shop.clock(),
    )
    assert SECRET not in (shop.home / "identity" / "decisions.csv").read_text()
    assert explain(shop, "user_id:u-regular", f"email:{SECRET}")["is_one_customer"], "until the next night"


def test_a_pending_decision_is_told_until_a_night_has_applied_it(shop):
    assert explain(shop, "user_id:u-regular", f"email:{SECRET}")["pending"] == []
    recorded = decide(shop).json
    assert explain(shop, "user_id:u-regular", f"email:{SECRET}")["pending"] == [recorded]
    assert explain(shop, "user_id:u-sister", "crm_id:crm-77")["pending"] == [], "another customer's"
    before, applied = shop.snapshots.get_current(), contract.pack_decisions([recorded["decision_id"]])
    shop.snapshots.publish(
        Snapshot("next", lambda key: applied if key == contract.DECISIONS else before._get(key))
    )
    assert explain(shop, "user_id:u-regular", f"email:{SECRET}")["pending"] == []
    shop.clock.move(minutes=1)
    withdrawn = decide(shop, decision="withdraw", reason="they are one after all").json
    assert explain(shop, "user_id:u-regular", f"email:{SECRET}")["pending"] == [withdrawn], (
        "applied, and to be undone"
    )
    (shop.home / "identity" / "decisions.csv").write_text("no decisions\n")
    assert explain(shop, "user_id:u-regular", f"email:{SECRET}")["pending"] is None


def test_the_last_decision_about_a_pair_is_in_force(shop):
    decide(shop)
    shop.clock.move(minutes=1)
    decide(shop, a=SPLIT["b"], b=SPLIT["a"], decision="withdraw", reason="they are one after all")
    decide(shop, a="user_id:u-sister", b="crm_id:crm-77", decision="refuse", reason="a guess")
    decisions = shop.client.get(DECISIONS).json["decisions"]
    assert [(one["decision"], one["is_in_force"]) for one in decisions] == [
        ("split", False),
        ("withdraw", False),
        ("refuse", True),
    ]
    check_problem(
        decide(shop, decision="withdraw"), 422, "cannot-apply", "Nothing is decided about these two"
    )


@pytest.mark.parametrize(
    ("fields", "status", "kind", "words"),
    [
        (
            {"decision": "spilt"},
            400,
            "bad-request",
            "decision: Input should be 'split', 'refuse', 'join' or 'withdraw'",
        ),
        (
            {"reason": f"says {SECRET}"},
            400,
            "bad-request",
            "reason must hold no e-mail address and no phone number",
        ),
        ({"reason": ""}, 400, "bad-request", "reason must be one line of 1 to 500"),
        ({"reason": "one\ntwo"}, 400, "bad-request", "reason must be one line"),
        ({"decided_by": SECRET}, 400, "bad-request", "decided_by must hold no e-mail"),
        ({"why": "x"}, 400, "bad-request", "why: unknown; allowed: decision, a, b, reason, decided_by"),
        ({"b": SPLIT["a"]}, 400, "bad-request", "a and b must be two identifiers"),
        ({"b": SECRET}, 400, "bad-request", "b must be an identifier_id"),
        ({"b": "user_id:nobody"}, 422, "cannot-apply", "No identifier is known by what b says."),
        (
            {"decision": "refuse", "b": "user_id:u-sister"},
            422,
            "cannot-apply",
            "No link joins these two directly",
        ),
        (
            {"b": "user_id:null", "decision": "join"},
            422,
            "cannot-apply",
            "Nobody stands behind a value that spark_jobs/identify",
        ),
        ({"decision": "withdraw"}, 422, "cannot-apply", "Nothing is decided"),
    ],
)
def test_a_decision_that_is_none(shop, fields, status, kind, words):
    check_problem(decide(shop, **fields), status, kind, words)
    assert not (shop.home / "identity").exists()


def test_a_file_that_cannot_be_read_takes_no_more_and_says_where(shop):
    file = shop.home / "identity" / "decisions.csv"
    file.parent.mkdir()
    file.write_text(f"{HEADER}\n2026-02-21T12:00:00Z,split,{SECRET},i_0,MK,why\n")
    before = file.read_text()
    for answer in (decide(shop), shop.client.get(DECISIONS), shop.client.get(REVIEWS)):
        check_problem(
            answer,
            409,
            "decisions-unreadable",
            "identity/decisions.csv: line 2: identifier_a must be an identifier_id",
        )
    assert file.read_text() == before


def test_what_waits_for_a_decision_and_what_has_been_decided_since(shop):
    giant, bridge = shop.client.get(REVIEWS).json["reviews"]
    assert (giant["kind"], giant["is_held_back"], giant["n_identifiers"], giant["decision"]) == (
        "giant",
        True,
        140,
        None,
    )
    assert (bridge["identifier_a"], bridge["identifier_b"], bridge["decision"]) == (
        shop.ids["u-sister"],
        shop.ids["crm-77"],
        None,
    )
    decide(shop, a=bridge["identifier_b"], b=bridge["identifier_a"])
    assert [one["decision"] for one in shop.client.get(REVIEWS).json["reviews"]] == [None, "split"]


def test_a_snapshot_from_before_links_were_kept(shop):
    held = {contract.META: contract.pack_record(shop.snapshots.get_current().meta)}
    shop.snapshots.publish(Snapshot.from_pairs("older", held.items()))
    for answer in (
        shop.client.get(EXPLAIN, query_string={"a": "user_id:u", "b": "user_id:v"}),
        shop.client.get(REVIEWS),
    ):
        check_problem(answer, 503, "not-ready", "snapshot older was made before links were kept")
    check_problem(decide(shop), 503, "not-ready", "the next night's has them")
    assert shop.client.get(DECISIONS).json == {"decisions": []}
    shop.snapshots.publish(None)
    check_problem(shop.client.get(REVIEWS), 503, "not-ready", "nothing has been published yet")


@pytest.mark.parametrize(
    ("method", "path"), [("get", EXPLAIN), ("get", REVIEWS), ("get", DECISIONS), ("post", DECISIONS)]
)
def test_only_an_operator_may(shop, method, path):
    sent = {"json": SPLIT} if method == "post" else {"query_string": {"a": SPLIT["a"], "b": SPLIT["b"]}}
    if path in (REVIEWS, DECISIONS) and method == "get":
        sent = {}
    ask = getattr(shop.client, method)
    check_problem(
        ask(path, environ_base={"REMOTE_ADDR": "192.168.1.7"}, **sent),
        403,
        "only-from-this-machine",
        "CONCIERGE_ADMIN_TOKEN",
    )
    settings = shop.app.config["CONCIERGE"]
    shop.app.config["CONCIERGE"] = settings.__class__(home=shop.home, admin_token="right-token")
    for header in ({}, {"Authorization": "Bearer wrong"}):
        check_problem(ask(path, headers=header, **sent), 401, "not-allowed", "Authorization: Bearer")
    assert not (shop.home / "identity").exists()
    assert ask(path, headers={"Authorization": "Bearer right-token"}, **sent).status_code in (200, 201)


def test_links_are_no_way_to_a_personal_answer(shop):
    """The sister has links in the snapshot and no slice: she is held back, or has said no."""
    assert explain(shop, "user_id:u-sister", "crm_id:crm-77")["a"]["customer_id"] == "c_sister"
    answer = shop.client.get("/v1/recommendations?user_id=u-sister").json
    assert (answer["customer_id"], answer["source"]) == (None, "popular")
    assert shop.client.get("/v1/customers/c_sister").status_code == 404
