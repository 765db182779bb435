"""Scoring whose inputs changed equals scoring everybody, and a scoring that was stopped goes on: over shops
drawn at random.
"""

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from expectations.contracts.lake import FEAT_CUSTOMERS, REC_CUSTOMER_ITEMS
from models import features
from models.artifact import ModelArtifact
from models.inference import select_top_items
from models.listing.lists import DECIMALS
from models.recommenders import build_blend
from models.time_split import build_cell_matrix
from models.training_data import PURCHASE, Behaviour, Customers, Training
from spark_jobs.engine.shared_objects import share_object
from spark_jobs.lake.queries import open_database, run_query
from spark_jobs.lake.tables import Lake, build_arrow_schema
from spark_jobs.run.context import LandingDates, RunContext
from spark_jobs.score import checkpoints, personal_lists, stale_customers
from spark_jobs.score.scoring_model import ScoringModel
from spark_jobs.settings import Settings

N_CUSTOMERS, N_ITEMS, UNTIL = 60, 30, 40
TEXTS = pa.list_(pa.string())
COUNTRIES = ("France", "Spain")
WEIGHTS = {"item_knn": 1.0, "own_history": 0.5, "popularity": 0.1, "user_knn": 0.4}
ITEM_IDS = np.array([f"item-{n:02}".encode() for n in range(N_ITEMS)])


BEHAVIOUR = pa.schema(
    [
        ("customer_id", pa.string()),
        ("item_id", pa.string()),
        ("day", pa.int32()),
        ("kind", pa.int32()),
    ]
)


class Drawn:
    """A shop: who did what (customer, item, day), and where they live; the model is fitted on its first
    state.
    """

    def __init__(self, spark, home, seed):
        self.spark, self.draw, self.until = spark, np.random.default_rng(seed), UNTIL
        self.settings = Settings.from_environment({"CONCIERGE_HOME": str(home)})
        self.rows = {
            (int(c), int(i), int(d))
            for c, i, d in self.draw.integers(0, (N_CUSTOMERS, N_ITEMS, UNTIL), (400, 3))
        }
        self.country = {n: COUNTRIES[n % 2] for n in range(N_CUSTOMERS)}
        self.artifact = self.fit()

    def training(self):
        columns = [np.array(column, np.int32) for column in zip(*sorted(self.rows), strict=True)]
        behaviour = Behaviour(
            N_CUSTOMERS, N_ITEMS, *columns, kind=np.full(len(self.rows), PURCHASE, np.int8), until=self.until
        )
        tokens = [[f"country={self.country[n]}"] for n in range(N_CUSTOMERS)]
        vocabulary = features.build_vocabulary(tokens)
        return Training(
            behaviour, features.encode_tokens(tokens, vocabulary), features.encode_tokens([[]] * N_ITEMS, {})
        ), vocabulary

    def fit(self):
        training, vocabulary = self.training()
        blend = build_blend({"parts": {}, "weights": WEIGHTS}).fit(training, seed=1)
        ids = np.array([name(n).encode() for n in range(N_CUSTOMERS)])
        return ModelArtifact({"parts": {}, "weights": WEIGHTS}, blend, ITEM_IDS, ids, vocabulary)

    def night(self, run_id):
        return RunContext(
            run_id,
            LandingDates(date(2026, 1, 1), date(2026, 1, 1)),
            self.settings,
            datetime(2026, 1, 2, tzinfo=UTC),
            "c0de",
        )

    def score(
        self,
        lake,
        run_id="night",
        order_is_time_invariant=True,
        shown=tuple(range(N_ITEMS)),
        since=None,
        again=True,
    ):
        """What the step does, of the artifact as it is and the shop as it is."""
        allowed = np.isin(np.arange(N_ITEMS), shown)
        made = Uneven(self.artifact, allowed, allowed & again, self.until, True, "concierge/1", since=since)
        made = made if not order_is_time_invariant else ScoringModel(**vars(made))
        common = stale_customers.fingerprint_scoring_model(
            ["concierge/1"], allowed, allowed, True, None if order_is_time_invariant else self.until
        )
        events = [
            {"customer_id": name(c), "item_id": ITEM_IDS[i].decode(), "day": d, "kind": PURCHASE}
            for c, i, d in self.rows
        ]
        people = [
            {**dict.fromkeys(FEAT_CUSTOMERS.columns), "customer_id": name(n), "country": held}
            for n, held in self.country.items()
        ]
        folder = self.settings.paths.shared_objects
        with open_database() as con, share_object(replace(made, inputs=common), folder) as shared:
            con.register("behaviour", pa.Table.from_pylist(events, schema=BEHAVIOUR))
            con.register(
                "feat_customers", pa.Table.from_pylist(people, schema=build_arrow_schema(FEAT_CUSTOMERS))
            )
            return personal_lists.update_personal_lists(lake, self.night(run_id), shared, con)


class Uneven(ScoringModel):
    """A model whose lists depend on the day they are made."""

    order_is_time_invariant = False


def name(n):
    return f"c_{n:03}"


def lists(lake):
    return {row["customer_id"]: row for row in lake.read_arrow(REC_CUSTOMER_ITEMS).to_pylist()}


@pytest.fixture(autouse=True)
def small_tasks(monkeypatch):
    monkeypatch.setattr(personal_lists, "CUSTOMERS_PER_TASK", 16)
    monkeypatch.setattr(personal_lists, "CUSTOMERS_AT_ONCE", 32)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_rescoring_stale_customers_equals_rescoring_all(spark, tmp_path, seed):
    shop = Drawn(spark, tmp_path, seed)
    night_by_night, at_once = (Lake(tmp_path / place, spark) for place in ("lake", "other"))
    first = shop.score(night_by_night)
    assert first.detail["rescored"] == first.n_inserted == N_CUSTOMERS
    before, shop.until = lists(night_by_night), shop.until + 3
    bought = {
        (int(c), int(i), shop.until - 1) for c, i in shop.draw.integers(0, (N_CUSTOMERS, N_ITEMS), (4, 2))
    }
    forgotten = {row for row in shop.rows if row[0] == 30}  # as when two customers are found to be two
    moved, gone = 41, 50
    shop.rows = (shop.rows | bought) - forgotten
    shop.country[moved] = COUNTRIES[(moved + 1) % 2]
    del shop.country[gone]
    changed = {c for c, _, _ in bought | forgotten} | {moved}
    report = shop.score(night_by_night)
    assert report.detail.pop("recall_of_index") is None
    assert report.detail == {
        "deleted": 1,
        "customers": N_CUSTOMERS - 1,
        "rescored": len(changed - {gone}),
        "rescored_before_a_stop": 0,
    }
    shop.score(at_once, "anew")
    found = lists(night_by_night)
    assert found == lists(at_once)
    assert name(gone) not in found and any(
        found[name(n)]["items"] != before[name(n)]["items"] for n in changed
    )


def test_taste_is_read_from_training_days_and_purchases_from_all_days(spark, tmp_path):
    """A day falls out: whoever came on it is scored anew. Lists are of the newer days, without what was
    bought on older ones.
    """
    shop, lake = Drawn(spark, tmp_path, 7), Lake(tmp_path / "lake", spark)
    shop.score(lake, since=20, again=False)
    came = {customer for customer, _, day in shop.rows if day == 20}
    assert shop.score(lake, since=21, again=False).detail["rescored"] == len(came) > 0
    training, found = shop.training()[0], lists(lake)
    newer = stale_customers.shift_to_own_last_day(training.behaviour.since(21))
    known = Customers.from_training(replace(training, behaviour=newer), np.arange(N_CUSTOMERS))
    scores = np.round(shop.artifact.blend.score(known).astype(np.float64), DECIMALS)
    expected = select_top_items(scores, N_ITEMS, ~build_cell_matrix(training.behaviour).toarray())[0]
    for n in range(N_CUSTOMERS):
        listed = [item["item_id"].encode() for item in found[name(n)]["items"]]
        assert listed == [ITEM_IDS[item] for item in expected[n] if item >= 0]


def test_a_model_that_depends_on_the_day_is_rescored_on_a_new_day(spark, tmp_path):
    shop, lake = Drawn(spark, tmp_path, 4), Lake(tmp_path / "lake", spark)
    shop.score(lake, order_is_time_invariant=False)
    assert shop.score(lake, order_is_time_invariant=False).detail["rescored"] == 0
    shop.until += 1
    assert shop.score(lake, order_is_time_invariant=False).detail["rescored"] == N_CUSTOMERS


def test_what_may_be_shown_is_an_input_of_every_list(spark, tmp_path):
    shop, lake = Drawn(spark, tmp_path, 5), Lake(tmp_path / "lake", spark)
    shop.score(lake)
    version = lake.version(REC_CUSTOMER_ITEMS)
    assert shop.score(lake).n_unchanged == N_CUSTOMERS and lake.version(REC_CUSTOMER_ITEMS) == version
    assert shop.score(lake, shown=range(1, N_ITEMS)).detail["rescored"] == N_CUSTOMERS
    assert "item-00" not in {item["item_id"] for row in lists(lake).values() for item in row["items"]}


def test_a_stopped_scoring_continues_from_its_checkpoints(spark, tmp_path, monkeypatch):
    """A finished partition's file is used (a mark planted in it arrives), one that is missing is computed,
    then all are gone.
    """
    shop, lake = Drawn(spark, tmp_path, 6), Lake(tmp_path / "lake", spark)
    with monkeypatch.context() as stop:
        stop.setattr(Lake, "overwrite", lambda *given: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            shop.score(lake)
    files = sorted(checkpoints.locate_checkpoint_folder(shop.night("night")).glob("*.parquet"))
    assert len(files) == 4 and not lake.exists(REC_CUSTOMER_ITEMS)
    planted = pq.read_table(files[0])
    column = planted.schema.get_field_index("model_version")
    pq.write_table(
        planted.set_column(column, "model_version", pa.array(["planted"] * len(planted), pa.string())),
        files[0],
    )
    n_missing = pq.read_metadata(files[1]).num_rows
    files[1].unlink()
    report = shop.score(lake)
    assert report.detail["rescored_before_a_stop"] == N_CUSTOMERS - n_missing
    marked = [row for row in lists(lake).values() if row["model_version"] == "planted"]
    assert len(marked) == len(planted) and len(lists(lake)) == N_CUSTOMERS
    assert not checkpoints.locate_checkpoint_folder(shop.night("night")).exists()


def test_checkpoints_of_other_inputs_are_not_used(spark, tmp_path, monkeypatch):
    """The negative control: between the stop and the second start one customer bought something."""
    shop, lake, other = (
        Drawn(spark, tmp_path, 7),
        Lake(tmp_path / "lake", spark),
        Lake(tmp_path / "other", spark),
    )
    with monkeypatch.context() as stop:
        stop.setattr(Lake, "overwrite", lambda *given: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            shop.score(lake)
    shop.rows |= {(8, 3, UNTIL - 1), (8, 4, UNTIL - 1)}
    report = shop.score(lake)
    assert 0 < report.detail["rescored_before_a_stop"] < N_CUSTOMERS
    shop.score(other, "anew")
    assert lists(lake) == lists(other)


def test_the_hash_depends_on_contents_and_positions():
    """Elements that move from one list to the next, or swap, are other inputs."""
    given = [
        (["a"], ["b", "c"]),
        (["a", "b"], ["c"]),
        (["a"], ["c", "b"]),
        ([], ["a", "b", "c"]),
        (["a"], ["bc"]),
    ]
    rows = pa.table(list(zip(*given, strict=True)), schema=pa.schema([("x", TEXTS), ("y", TEXTS)]))
    sql = f"select {stale_customers.build_inputs_hash_sql('x', 'y')} as hash from rows"
    with open_database() as con:
        hashes, again, others = (
            run_query(con, sql, (common,), rows=rows)["hash"].to_pylist()
            for common in ("one", "one", "another")
        )
    assert len(set(hashes)) == len(given)
    assert hashes == again
    assert set(others).isdisjoint(hashes)


def test_each_customers_last_day_becomes_the_newest():
    behaviour = Behaviour(
        3,
        2,
        *(np.array(column, np.int32) for column in ([0, 0, 2], [0, 1, 1], [3, 9, 5])),
        np.zeros(3, np.int8),
        until=20,
    )
    assert stale_customers.shift_to_own_last_day(behaviour).day.tolist() == [13, 19, 19]
