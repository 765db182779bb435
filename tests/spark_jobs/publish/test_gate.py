"""Planted faults, each held by the check that is meant for it; a healthy night passes (the
negative control).
"""

import math

import pytest

from spark_jobs.publish.gate import evaluate_list_gate
from spark_jobs.publish.list_figures import extract_top_items, measure_lists

PERSONAL, AUDIENCES, SIMILAR = "rec_customer_items_v1", "rec_audience_items_v1", "rec_item_items_v1"


def figures(shop, before):
    lists = {name: shop.frame(name) for name in (PERSONAL, AUDIENCES, SIMILAR)}
    return measure_lists(lists, shop.frame("feat_customers"), shop.frame("feat_items"), before)


def verdict(shop, before):
    return evaluate_list_gate(figures(shop, before))


def seen_before(shop):
    return extract_top_items(shop.frame(PERSONAL), "customer_id")


def half_the_lists(rows):
    del rows[PERSONAL][20:]


def no_popular_list(rows):
    rows[AUDIENCES].pop(0)


def empty_popular_list(rows):
    rows[AUDIENCES][0]["items"] = []


def item_sold_out(rows):
    rows["feat_items"][3]["is_in_stock"] = False


def item_discontinued(rows):
    rows["feat_items"][3]["is_recommendable"] = False


def item_from_nowhere(rows):
    rows[SIMILAR][0]["items"][0]["item_id"] = "item-99"


def item_twice(rows):
    rows[PERSONAL][7]["items"][5]["item_id"] = rows[PERSONAL][7]["items"][2]["item_id"]


def score_not_a_number(rows):
    rows[PERSONAL][7]["items"][4]["score"] = math.nan


def score_missing(rows):
    rows[AUDIENCES][2]["items"][4]["score"] = None


def list_upside_down(rows):
    rows[AUDIENCES][0]["items"].reverse()


def lists_cut_short(rows):
    for row in rows[PERSONAL][:10]:
        row["items"] = row["items"][:5]


def lists_emptied(rows):
    for row in rows[PERSONAL][:10]:
        row["items"] = []


def items_shuffled(rows):
    # Every list moved on by half the shop: no customer keeps an item, the shop as a whole keeps all.
    for row in rows[PERSONAL]:
        for item in row["items"]:
            item["item_id"] = f"item-{(int(item['item_id'][-2:]) + 30) % 60:02d}"


def everyone_gets_the_same(rows):
    for row in rows[PERSONAL]:
        row["items"] = rows[PERSONAL][0]["items"]


def two_models(rows):
    rows[PERSONAL][0]["model_version"] = "concierge/0"


FAULTS = [
    (half_the_lists, "coverage of regular customers"),
    (half_the_lists, "personal lists against yesterday's"),
    (no_popular_list, "items in the popular list"),
    (empty_popular_list, "items in the popular list"),
    (item_sold_out, "places with an item that may not be shown"),
    (item_discontinued, "places with an item that may not be shown"),
    (item_from_nowhere, "places with an item that may not be shown"),
    (item_twice, "places repeated, unscored or out of order"),
    (score_not_a_number, "places repeated, unscored or out of order"),
    (score_missing, "places repeated, unscored or out of order"),
    (list_upside_down, "places repeated, unscored or out of order"),
    (lists_cut_short, "share of personal lists that are short"),
    (lists_emptied, "coverage of regular customers"),
    (items_shuffled, "churn against yesterday"),
    (everyone_gets_the_same, "items on first pages against yesterday's"),
    (two_models, "model versions in the lists"),
]


@pytest.mark.parametrize(
    ("fault", "check"), FAULTS, ids=[f"{fault.__name__}: {check}" for fault, check in FAULTS]
)
def test_a_planted_fault_is_held(shop, fault, check):
    before = seen_before(shop)
    fault(shop.rows)
    assert check in [failed.name for failed in verdict(shop, before).failed]


def test_a_healthy_night_passes_first_and_after_another(shop):
    assert verdict(shop, None).failed == []
    before = seen_before(shop)
    shop.rows[PERSONAL].pop()  # somebody left, others' lists moved a little
    for row in shop.rows[PERSONAL][:20]:
        row["items"] = row["items"][3:]
    again = verdict(shop, before)
    assert again.failed == []
    assert len(again.checks) == 9, "every question was asked"


def test_figures_are_those_of_a_count_by_hand(shop):
    before = seen_before(shop)
    first, second = (row["customer_id"] for row in shop.rows[PERSONAL][:2])
    shop.rows[PERSONAL][0]["items"] = shop.rows[PERSONAL][0]["items"][4:]  # keeps 6 of its first 10
    shop.rows[PERSONAL][1]["items"] = shop.rows[PERSONAL][1]["items"][:7]  # keeps all 7 it still has
    shop.rows["feat_items"][59]["is_in_stock"] = False
    found = figures(shop, before)

    now = {row["customer_id"]: [item["item_id"] for item in row["items"]] for row in shop.rows[PERSONAL]}
    assert (len(now[first]), len(now[second])) == (16, 7)
    assert found.churn == pytest.approx((0.4 + 0) / 40)
    assert found.short_share == pytest.approx(1 / 40)
    assert (found.n_lists, found.n_lists_before, found.coverage) == (40, 40, 1.0)
    places = [
        item["item_id"]
        for name in (PERSONAL, AUDIENCES, SIMILAR)
        for row in shop.rows[name]
        for item in row["items"]
    ]
    assert found.n_unshowable == places.count("item-59") > 0
    popular = {f"item-{n:02d}" for n in range(10)}
    assert found.popular_overlap == pytest.approx(
        sum(len(popular & {*ids[:10]}) / len(ids[:10]) for ids in now.values()) / 40
    )


def test_a_shop_smaller_than_a_page_is_not_short_of_items(shop):
    few = {f"item-{n:02d}" for n in range(4)}
    shop.rows["feat_items"] = [row for row in shop.rows["feat_items"] if row["item_id"] in few]
    for name in (PERSONAL, AUDIENCES, SIMILAR):
        for row in shop.rows[name]:
            row["items"] = [
                {"item_id": item_id, "score": 1.0, "sources": ["popular"]} for item_id in sorted(few)
            ]
    assert verdict(shop, None).failed == []
