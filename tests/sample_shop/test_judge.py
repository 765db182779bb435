"""The judge is right: against a second, scalar reading of the truth's page, and against what the shop then
sells.
"""

import csv
from collections import Counter
from datetime import date, timedelta
from math import cos, exp, log, pi, sin

import numpy as np
import pyarrow.parquet as pq
import pytest

from sample_shop.judge import Judge
from sample_shop.shop_calendar import OPENING_DAY, compute_traffic_factor

AS_OF, DAYS = date(2026, 1, 31), 14


@pytest.fixture(scope="module")
def judge(shop) -> Judge:
    return Judge(shop.truth, AS_OF)


@pytest.fixture(scope="module")
def expected(judge) -> np.ndarray:
    return judge.compute_expected_purchases(DAYS)


@pytest.fixture(scope="module")
def bought(shop, judge) -> np.ndarray:
    """What was then truly bought: (n_persons, n_items), those the judge knows."""
    found = np.zeros((len(judge.person_ids), len(judge.item_ids)))
    for day, row in shop.true_by_day("purchases"):
        if AS_OF < date.fromisoformat(day) <= AS_OF + timedelta(days=DAYS):
            person, item = judge.row_of.get(row["person_id"]), judge.column_of.get(row["item_id"])
            if person is not None and item is not None:
                found[person, item] += 1
    return found


def dot(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


class Page:
    """`TRUTH.md` read with plain Python numbers, one person and item at a time."""

    def __init__(self, shop) -> None:
        self.persons = {row["person_id"]: row for row in shop.true("persons").to_pylist()}
        # launches to come draw views away
        self.items = {row["item_id"]: row for row in shop.true("items").to_pylist()}
        self.shelf = {(day, row["item_id"]): row for day, row in shop.true_by_day("shelf")}
        self.categories = pq.read_table(shop.truth / "categories.parquet").to_pylist()
        self.brands = pq.read_table(shop.truth / "brands.parquet").to_pylist()
        self.last = {}
        for day, row in shop.true_by_day("purchases"):
            if date.fromisoformat(day) <= AS_OF:
                self.last[row["person_id"], row["item_id"]] = date.fromisoformat(day)

    def m(self, c: dict, i: dict, t: int) -> float:
        angle = c["turn_speed"] * t
        taste = [
            cos(angle) * u + sin(angle) * v
            for u, v in zip(c["category_taste"], c["category_turn"], strict=True)
        ]
        return (
            1.5 * dot(taste, self.categories[i["category"]]["vector"])
            + 0.7 * dot(c["brand_taste"], self.brands[i["brand"]]["vector"])
            + 0.8 * dot(c["style_taste"], i["style"])
            - 0.45 * (c["price_level"] - i["price_z"]) ** 2
        )

    def a(self, i: dict, day: date, t: int) -> float | None:
        shelf, category = self.shelf.get((day.isoformat(), i["item_id"])), self.categories[i["category"]]
        if shelf is None or not shelf["is_available"]:
            return None
        new = 0.7 * exp(-(t - i["launched"]) / 10) if i["launched"] > 0 else 0
        season = category["season"] * cos(2 * pi * (day.timetuple().tm_yday - category["peak_day"]) / 365)
        return (
            i["quality"]
            + new
            + season
            - 0.55 * log(1 + shelf["position"])
            - 1.2 * log(shelf["price"] / i["usual_price"])
        )

    def expected(self, person_id: str, item_id: str) -> float:
        """Every course the coming days can take is followed as a state: days since the last purchase, or
        none.
        """
        c, chosen = self.persons[person_id], self.items[item_id]
        last, lasts = self.last.get((person_id, item_id)), chosen["cycle"] * c["pace"]
        states, total = {None if last is None else (AS_OF - last).days: 1.0}, 0.0
        for n in range(1, DAYS + 1):
            day = AS_OF + timedelta(days=n)
            t = (day - OPENING_DAY).days
            weights = {}
            for i in self.items.values():
                a = self.a(i, day, t)
                weights[i["item_id"]] = 0.0 if a is None else exp(self.m(c, i, t) + a)
            can_buy, here = weights[item_id] > 0, c["arrived"] <= t < c["leaves"]
            p, b = (
                weights[item_id] / sum(weights.values()),
                c["buy_rate"] / (1 + exp(1.5 - self.m(c, chosen, t))),
            )
            z = 1 - p * b
            rate = c["visit_rate"] * compute_traffic_factor(t) if here else 0.0
            browse = 1 - exp(-rate * (1 - z * exp(c["extra_views"] * (z - 1))))
            after: dict = {}
            for age, mass in states.items():
                now = None if age is None else age + 1
                buys = browse
                if now is not None and chosen["cycle"] == 0:
                    buys = 0.0
                elif now is not None and can_buy and here and now <= 2.5 * lasts:
                    buys = 1 - (1 - browse) * (1 - c["loyalty"] / (1 + exp((lasts - now) / (lasts / 8))))
                total += mass * buys
                after[0] = after.get(0, 0.0) + mass * buys
                after[now] = after.get(now, 0.0) + mass * (1 - buys)
            states = after
        return total


def test_expected_purchases_are_what_the_page_says(shop, judge, expected):
    page, rng = Page(shop), np.random.default_rng(5)
    own = [(judge.row_of[p], judge.column_of[i]) for p, i in page.last]
    likely = np.argwhere(expected > 0.02)
    pairs = [own[k] for k in rng.choice(len(own), 20)] + [
        tuple(pair) for pair in likely[rng.choice(len(likely), 12)]
    ]
    pairs += [
        (int(rng.integers(len(judge.person_ids))), int(rng.integers(len(judge.item_ids)))) for _ in range(8)
    ]
    for row, column in pairs:
        by_hand = page.expected(judge.person_ids[row], judge.item_ids[column])
        assert expected[row, column] == pytest.approx(by_hand, rel=1e-9, abs=1e-15)
    assert sum(expected[row, column] > 0.05 for row, column in pairs) > 10


def test_the_shop_sells_what_the_judge_expects(judge, expected, bought):
    """Totals over groups that the sums of many small chances decide; each within three standard errors."""
    consumable = np.broadcast_to(judge.items.cycle > 0, expected.shape)
    owned = judge.last_bought >= 0
    likely = expected > np.quantile(expected, 0.999)
    groups = {
        "all": np.ones_like(owned),
        "consumables": consumable,
        "durables": ~consumable,
        "restocked": consumable & owned,
        "new to the person": ~owned,
        "most likely": likely,
        "unlikely": expected < 0.01,
    }
    for name, group in groups.items():
        mean, sold = expected[group].sum(), bought[group].sum()
        assert mean > 50 and abs(sold - mean) < 3 * np.sqrt(mean), name
    assert (bought[expected == 0] == 0).all()


def test_tastes_beat_popularity_and_the_past_shows_them(judge, expected, bought):
    """Lists of ten, in true expected purchases: popular < by past categories < the truth; so there is
    something to learn.
    """
    past = judge.read_truth("purchases").to_pandas()
    popular = past["item_id"].map(judge.column_of).value_counts()
    score = np.zeros(len(judge.item_ids))
    score[popular.index.to_numpy()] = popular.to_numpy()
    affinity = np.zeros((len(judge.person_ids), 22))
    rows, columns = past["person_id"].map(judge.row_of), past["item_id"].map(judge.column_of)
    np.add.at(affinity, (rows.to_numpy(), judge.items.category[columns.to_numpy()]), 1)
    buyers = (affinity.sum(axis=1) > 1) & (judge.people.leaves > judge.today + 1)
    by_category = affinity[:, judge.items.category] * score + 1e-3 * score

    def worth(scores: np.ndarray) -> float:
        top = np.argsort(-scores[buyers], axis=1, kind="stable")[:, :10]
        return float(np.take_along_axis(expected[buyers], top, axis=1).sum(axis=1).mean())

    everybody, best = np.tile(score, (len(affinity), 1)), worth(expected)
    assert worth(everybody) * 1.25 < worth(by_category) < 0.8 * best
    # being popular is worth something
    assert worth(everybody) > 1.5 * worth(np.random.default_rng(1).random(expected.shape))


def test_higher_places_are_looked_at_more(shop):
    told = {
        int(r["position"]): float(r["relative_chance_to_be_looked_at"])
        for r in csv.DictReader((shop.truth / "position_bias.csv").read_text().splitlines())
    }
    assert told[1] == 1 and told[2] == pytest.approx(2**-0.55, abs=1e-6)
    seen = Counter(
        e["properties"]["position"] for _, e in shop.events() if "position" in e.get("properties", {})
    )
    assert seen[1] > seen[3] > seen[10] > seen[18] and max(seen) <= 60


def test_judges_part_of_the_people_and_only_what_is_known(judge, expected, shop):
    some = judge.person_ids[7:900:50]
    assert np.allclose(judge.compute_expected_purchases(DAYS, some), expected[7:900:50], rtol=1e-9)
    later = {row["person_id"] for day, row in shop.true_by_day("persons") if date.fromisoformat(day) > AS_OF}
    assert later and not later & set(judge.person_ids)
    with pytest.raises(FileNotFoundError):
        Judge(shop.truth, date(2026, 3, 31))


def test_finds_the_people_behind_an_identifier(judge, shop):
    row = next(row for day, row in shop.true_by_day("identifiers") if row["kind"] == "email")
    assert row["person_id"] in judge.find_persons("email", f" {row['value'].upper()} ")
    assert judge.find_persons("email", "nobody@example.com") == set()
