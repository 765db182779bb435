"""What readers find after a publish; after a repeated or refused one: test_repeated.py, a killed one:
test_killed.py.
"""

import json
from datetime import date

import pytest
from deltalake import write_deltalake

from expectations.contracts import snapshot as contract
from expectations.contracts.census import CENSUS, Census
from expectations.contracts.lake import CORE_IDENTITY_DECISIONS, CORE_IDENTITY_LINKS
from spark_jobs.publish.job import run
from spark_jobs.run.identity_inputs import IdentityInputs
from spark_jobs.run.input_fingerprint import hash_inputs
from tests.spark_jobs.publish.conftest import published


def test_a_night_is_published(shop):
    night = shop.night("scheduled__2026-02-02T03:00:00+00:00")
    [report] = run(night, shop.land())
    record, found = published(shop)
    assert (record.run_id, record.snapshot) == (night.run_id, night.slug)
    assert record.inputs == hash_inputs(night, night.days.last, IdentityInputs(frozenset(), ""))
    assert record.table_versions["rec_customer_items_v1"] == 0
    assert shop.warehouse_run() == night.run_id
    assert not (shop.home / "warehouse" / "concierge.duckdb").readlink().is_absolute(), "a home can be moved"
    said = json.loads((shop.home / "summary.json").read_text())
    assert said["segments"] == [{"segment_id": "all", "name": night.run_id, "n_customers": 3}]
    assert said["published"]["run_id"] == night.run_id

    wanted = {
        contract.get_customer_list_key(row["customer_id"]): row["items"]
        for row in shop.rows["rec_customer_items_v1"]
    }
    wanted |= {
        contract.get_similar_list_key(row["item_id"]): row["items"] for row in shop.rows["rec_item_items_v1"]
    }
    wanted |= {
        contract.get_audience_list_key(row["audience"]): row["items"]
        for row in shop.rows["rec_audience_items_v1"]
    }
    catalogue = contract.ListVocabulary.of_bytes(found[contract.CATALOGUE])
    for key, items in wanted.items():
        held = catalogue.unpack(found[key])
        assert [(one.item_id, one.sources) for one in held] == [
            (one["item_id"], tuple(one["sources"])) for one in items
        ]
        assert [one.score for one in held] == pytest.approx([one["score"] for one in items], abs=1e-4)
    # what speaks for an item is told with it, and with no other
    for row in shop.rows["rec_customer_items_v1"]:
        held = catalogue.unpack(found[contract.get_customer_list_key(row["customer_id"])])
        said = {one["place"]: (one["item_id"], one["wanted_date"].isoformat()) for one in row["because"]}
        assert [one.because for one in held] == [said.get(place) for place in range(len(held))]
    assert any(row["because"] for row in shop.rows["rec_customer_items_v1"])
    assert contract.unpack_record(
        contract.ItemFacts, found[contract.get_item_key("item-59")]
    ) == contract.ItemFacts(
        *("Item 59", "Mugs", None, 2.55, "EUR", "https://shop.example/59.jpg", True, True, ("Home", "Mugs")),
        attributes={"allowed_countries": "DE, Austria", "colour": "red", "min_age": "18"},
        n_stock=3,
        updated_at="2026-01-05T00:00:00+00:00",
        min_age=18,
        allowed_countries=("DE", "AT"),
    )
    census = Census.of_bytes(found[CENSUS])
    assert census == ({"home": 60, "mugs": 60}, {"champions": len(shop.ids), "gift_buyers": len(shop.ids)})
    one = shop.ids["user-3"]
    assert contract.unpack_record(
        contract.CustomerSlice, found[contract.get_customer_key(one)]
    ) == contract.CustomerSlice(
        "France", ("champions", "gift_buyers"), "champions", 3, "2026-01-05T00:00:00Z", True
    )
    assert json.loads(found[contract.get_traits_key(one)]) == {"favourite_brand": "Ōki", "n_seen": 2}
    assert found[contract.get_identifier_key(shop.identifiers["user-3"])].decode() == one
    meta = contract.unpack_record(contract.SnapshotMeta, found[contract.META])
    assert (meta.model_version, meta.landing_date, meta.published_at) == (
        "concierge/1",
        "2026-02-01",
        "2026-02-01T03:00:00Z",
    )
    assert report.detail["coverage"] == 1.0
    assert json.loads((shop.home / "reports" / night.slug / "lists.json").read_text())["passed"]


def test_no_personal_value_is_published(shop):
    for row in shop.rows["core_identifiers"]:
        row["value"] = row["value_normalised"] = "somebody@shop.example"
    run(shop.night("one"), shop.land())
    assert not any(b"somebody" in key + value for key, value in published(shop)[1].items())


def who_is_told_of(found, customer):
    """The keys that are about a customer."""
    return {key for key, value in found.items() if customer.encode() in key + value}


def test_who_did_not_consent_is_nowhere_in_it(shop):
    gone = shop.ids["user-5"]
    shop.rows["feat_customers"] = [row for row in shop.rows["feat_customers"] if row["customer_id"] != gone]
    run(shop.night("one"), shop.land())
    found = published(shop)[1]
    assert contract.get_customer_list_key(gone) not in found
    assert who_is_told_of(found, gone) == {contract.get_identifier_links_key(shop.identifiers["user-5"])}, (
        "why an identifier is whose, no more"
    )
    assert contract.get_customer_list_key(shop.ids["user-6"]) in found


def test_who_is_held_back_is_a_stranger_until_decided(shop):
    giant, other = shop.ids["user-5"], shop.ids["user-6"]
    asked = {
        "kind": "giant",
        "score": 2.0,
        "n_identifiers": 2,
        "identifier_id_a": None,
        "identifier_id_b": None,
    }
    shop.rows["core_identity_reviews"] = [
        {
            **asked,
            "review_id": "r1",
            "customer_id": giant,
            "is_held_back": True,
            "because": "of many identifiers",
        },
        {
            **asked,
            "review_id": "r2",
            "customer_id": other,
            "kind": "bridge",
            "is_held_back": False,
            "because": "one link",
        },
    ]
    for row in shop.rows["core_identities"]:  # an id merged into the giant's, which must not lead there
        if row["identifier_id"] == shop.identifiers["user-7"]:
            row["customer_id"] = giant
    run(shop.night("one"), shop.land())
    found = published(shop)[1]
    assert who_is_told_of(found, giant) == {
        contract.REVIEWS,
        *(contract.get_identifier_links_key(shop.identifiers[f"user-{n}"]) for n in (5, 7)),
    }
    assert contract.get_former_customer_key(shop.ids["user-7"]) not in found
    assert (
        contract.get_customer_list_key(other) in found
        and contract.get_identifier_key(shop.identifiers["user-6"]) in found
    )
    assert contract.unpack_reviews(found[contract.REVIEWS])[0] == (
        "r1",
        "giant",
        giant,
        None,
        None,
        2.0,
        2,
        True,
        "of many identifiers",
    )
    figures = json.loads((shop.home / "reports" / "one" / "lists.json").read_text())["figures"]
    assert figures["n_customers"] == figures["n_lists"] == 39

    shop.rows["core_identity_reviews"] = []
    run(shop.night("two", date(2026, 2, 2)), shop.land("core_identity_reviews"))
    assert contract.get_customer_list_key(giant) in published(shop)[1], "decided"


def test_the_snapshot_names_the_decisions_it_was_made_by(shop):
    decision = dict.fromkeys(CORE_IDENTITY_DECISIONS.columns) | {
        "decided_at": shop.rows["core_identifiers"][0]["first_seen_at"],
        "decision": "split",
    }
    shop.rows["core_identity_decisions"] = [
        {**decision, "decision_id": "d_1", "is_in_force": True},
        {**decision, "decision_id": "d_2", "is_in_force": False},
    ]
    run(shop.night("one"), shop.land())
    assert contract.unpack_decisions(published(shop)[1][contract.DECISIONS]) == {"d_1"}


def test_a_value_of_nobody_is_explained_and_served_to_nobody(shop):
    null, user = "i_" + 32 * "0", shop.identifiers["user-5"]
    at = shop.rows["core_identifiers"][0]["first_seen_at"]
    shop.rows["core_identifiers"].append(
        {
            "identifier_id": null,
            "kind": "user_id",
            "source": "sample_shop",
            "value": "null",
            "value_normalised": "null",
            "first_seen_at": at,
        }
    )
    seen = {
        "rule": "same_event",
        "evidence": "core_events/e1",
        "weight": 1.0,
        "is_followed": False,
        "first_seen_at": at,
    }
    shop.rows["core_identity_links"].append(
        {
            **seen,
            "identifier_id_a": min(null, user),
            "identifier_id_b": max(null, user),
            "held_by": "blocked/words_for_nothing",
        }
    )
    run(shop.night("one"), shop.land())
    found = published(shop)[1]
    told = contract.unpack_links(found[contract.get_identifier_links_key(null)])
    assert (told.kind, told.customer_id, [link.other for link in told.links]) == ("user_id", None, [user])
    assert [
        link.other for link in contract.unpack_links(found[contract.get_identifier_links_key(user)]).links
    ] == [null]
    assert contract.get_identifier_key(null) not in found


def test_a_home_whose_links_do_not_say_whether_they_are_followed_explains_nothing(shop):
    lake = shop.land(*(name for name in shop.rows if name != "core_identity_reviews"))
    older = shop.frame("core_identity_links").drop_columns(["is_followed", "held_by"])
    write_deltalake(lake.path(CORE_IDENTITY_LINKS), older, mode="overwrite", schema_mode="overwrite")
    run(shop.night("one"), lake)
    found = published(shop)[1]
    assert contract.REVIEWS not in found and not any(key.startswith(contract.LINKS) for key in found)
    assert contract.get_customer_list_key(shop.ids["user-5"]) in found


def test_a_shop_where_nobody_may_be_personalised_for_has_lists_all_the_same(shop):
    shop.rows |= {name: [] for name in ("feat_customers", "rec_customer_items_v1", "rec_item_items_v1")}
    shop.model_version = "none"
    run(shop.night("one"), shop.land())
    record, found = published(shop)
    assert record.model_version == "none"
    catalogue = contract.ListVocabulary.of_bytes(found[contract.CATALOGUE])
    assert len(catalogue.unpack(found[contract.get_audience_list_key("popular")])) == 30
    assert contract.get_customer_list_key(shop.ids["user-1"]) not in found


def test_merged_ids_resolve_and_a_cookie_alone_is_not_known(shop):
    main, merged, cookie = shop.ids["user-1"], shop.ids["user-2"], "user-4"
    for row in shop.rows["core_identities"]:
        if row["identifier_id"] == shop.identifiers["user-2"]:
            row["customer_id"] = main
    shop.rows["feat_customers"] = [row for row in shop.rows["feat_customers"] if row["customer_id"] != merged]
    for row in shop.rows["core_identifiers"]:
        if row["identifier_id"] == shop.identifiers[cookie]:
            row["kind"] = "anonymous_id"
    run(shop.night("one"), shop.land())
    found = published(shop)[1]
    assert found[contract.get_former_customer_key(merged)].decode() == main
    assert found[contract.get_identifier_key(shop.identifiers["user-2"])].decode() == main
    assert contract.get_former_customer_key(main) not in found
    assert not contract.unpack_record(
        contract.CustomerSlice, found[contract.get_customer_key(shop.ids[cookie])]
    ).is_known
