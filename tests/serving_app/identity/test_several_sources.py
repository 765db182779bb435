"""Which identifier is meant by a value: of several sources none is guessed, and a phone is found however it
is written.
"""

import pytest

from expectations.contracts import snapshot as contract
from expectations.contracts.identifiers import hash_identifier
from expectations.contracts.identity_decision_file import append_decision, read_decisions
from expectations.contracts.identity_decisions import Decision, select_in_force
from serving_app.app import create_app
from serving_app.settings import Settings
from serving_app.storage.snapshots import Snapshot

KEY = "test-key"
CARD_A, CARD_B = (hash_identifier(KEY, "crm_id", source, "77") for source in ("tills", "web"))
MAIL = hash_identifier(KEY, "email", "", "ada@shop.example")
PHONE = hash_identifier(KEY, "phone", "", "+4915123456789")
RAW = hash_identifier(KEY, "phone", "", "0049 12")  # no number of any country, so the lake keeps its digits
KINDS = {CARD_A: "crm_id", CARD_B: "crm_id", MAIL: "email", PHONE: "phone", RAW: "phone"}
GONE = "i_" + 32 * "9"
DECISIONS = "/v1/identity/decisions"


@pytest.fixture
def client(shop):
    """The service of a shop whose two sources both issued the card 77."""
    pairs = {
        contract.get_identifier_links_key(one): contract.pack_links(
            contract.IdentifierLinks(kind, f"c_{one}", ())
        )
        for one, kind in KINDS.items()
    }
    meta = contract.pack_record(shop.snapshots.get_current().meta)
    shop.snapshots.publish(
        Snapshot.from_pairs(
            "two", (pairs | {contract.META: meta, contract.REVIEWS: contract.pack_reviews([])}).items()
        )
    )
    settings = Settings(home=shop.home, sources=("tills", "web"), identity_key=KEY)
    return create_app(settings, shop.stores, clock=shop.clock).test_client()


def explain(client, a, b=MAIL):
    return client.get("/v1/identity/explain", query_string={"a": a, "b": b})


def decide(client, decision, a, b=MAIL):
    body = {"decision": decision, "a": a, "b": b, "reason": "two people", "decided_by": "MK"}
    return client.post(DECISIONS, json=body)


def test_of_two_sources_none_is_guessed(client, shop):
    for answer in (explain(client, "crm_id:77"), decide(client, "split", "crm_id:77")):
        assert (answer.status_code, answer.json["type"]) == (422, "urn:concierge:problem:several-identifiers")
        assert answer.json["identifier_ids"] == [CARD_A, CARD_B]
        assert (
            f"{CARD_A} of tills, {CARD_B} of web" in answer.json["detail"]
            and "77." not in answer.json["detail"]
        )
    assert not (shop.home / "identity").exists()
    assert explain(client, CARD_B).json["a"]["identifier_id"] == CARD_B
    assert decide(client, "split", CARD_B).json["identifier_a"] == CARD_B


def test_what_sources_share_is_one(client):
    assert explain(client, "email:ada@shop.example", CARD_A).json["a"]["identifier_id"] == MAIL


@pytest.mark.parametrize(
    ("text", "is_"),
    [
        ("+4915123456789", PHONE),
        ("+49 (0)151 23456789", PHONE),
        ("0049 151 23456789", PHONE),
        ("004912", RAW),
    ],
)
def test_a_phone_however_it_is_written(client, text, is_):
    assert explain(client, f"phone:{text}").json["a"]["identifier_id"] == is_


def test_a_phone_of_no_country_is_told_how_to_ask(client):
    answer = explain(client, "phone:0151 23456789")
    assert (answer.status_code, answer.json["detail"]) == (
        404,
        "No identifier is known by what a says. A phone number is known as +E.164: +4915123456789.",
    )


def test_a_decision_about_what_is_gone_is_withdrawn_by_its_ids(client, shop):
    file = shop.home / "identity" / "decisions.csv"
    append_decision(file, Decision(shop.clock(), "split", GONE, MAIL, "MK", "two people"))
    assert decide(client, "join", GONE).status_code == 422, "a new one needs both"
    assert decide(client, "withdraw", GONE, CARD_A).status_code == 422, "nothing is decided about these"
    assert decide(client, "withdraw", GONE, "email:ada@shop.example").status_code == 201
    assert select_in_force(read_decisions(file)) == []
    assert decide(client, "withdraw", GONE).status_code == 422, "no longer in force"


def test_a_file_out_of_reach_is_a_problem_that_names_it(client, shop):
    (shop.home / "identity" / "decisions.csv").mkdir(parents=True)
    for answer in (
        client.get(DECISIONS),
        client.get("/v1/identity/reviews"),
        decide(client, "split", CARD_A),
    ):
        assert (answer.status_code, answer.json["type"]) == (
            503,
            "urn:concierge:problem:decisions-out-of-reach",
        ), answer.text
        assert answer.json["detail"] == "identity/decisions.csv: Is a directory"


def test_a_file_that_cannot_be_added_to_is_a_problem_too(client, shop, monkeypatch):
    monkeypatch.setattr(
        "os.fsync", lambda handle: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    answer = decide(client, "split", CARD_A)
    assert (answer.status_code, answer.json["detail"]) == (
        503,
        "identity/decisions.csv: No space left on device",
    )
    assert read_decisions(shop.home / "identity" / "decisions.csv") == []
