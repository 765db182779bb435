"""A registered model and its lists are made again elsewhere, byte by byte; what is not as it was is named."""

import shutil
from dataclasses import replace

import pytest

from expectations.contracts.lake import FEAT_ITEMS, REC_CUSTOMER_ITEMS
from spark_jobs.rebuild import rebuild_model
from spark_jobs.rebuild.rebuild_model import hash_table
from spark_jobs.run.context import hash_code, hash_config
from spark_jobs.run.manifest import record_reports
from spark_jobs.run.model_registry import open_registry
from spark_jobs.score import job as scoring
from spark_jobs.train import job
from spark_jobs.train.configuration_search import FALLBACK


@pytest.fixture(scope="module")
def scored(fill, spark, tmp_path_factory):
    """A home after a night of training and scoring, whose tables have moved on since; 30 newest days, under
    this very code.
    """
    shop = fill(tmp_path_factory.mktemp("scored"), spark)
    night = shop.night("night one", hash_code())
    settings = replace(night.settings, training_days=30)
    night = replace(night, settings=settings, config_hash=hash_config(settings))
    record_reports(shop.lake, night, "train", job.run(night, shop.lake), 1.0)
    record_reports(shop.lake, night, "score", scoring.run(night, shop.lake), 1.0)
    items = shop.lake.read_arrow(FEAT_ITEMS).to_pylist()
    shop.put(FEAT_ITEMS, [row | {"is_in_stock": False, "category": "other"} for row in items])
    lists = shop.lake.read_arrow(REC_CUSTOMER_ITEMS).to_pylist()
    shop.put(REC_CUSTOMER_ITEMS, lists[:3])
    return shop, night


@pytest.fixture
def other(scored, empty_registry, tmp_path):
    """The version, and a night in an empty home."""
    shop, night = scored
    (tmp_path / "mlflow").mkdir()
    shutil.copy(empty_registry, tmp_path / "mlflow" / "mlflow.db")
    registry = open_registry(night)
    version = rebuild_model.find_version(registry, "concierge/1")
    return (
        shop.lake,
        registry,
        version,
        rebuild_model.create_rebuild_context(night.settings, version, tmp_path),
    )


# Over 10 s: a model is trained, and made again.
def test_factors_and_lists_are_the_same_bytes(other):
    lake, registry, version, night = other
    compared = list(rebuild_model.rebuild_model(lake, registry, version, night))
    assert [each.name for each in compared] == [
        "factors.npz",
        "model.json",
        "rec_customer_items_v1",
        "rec_item_items_v1",
        "rec_audience_items_v1",
        "rec_fold_in_v1",
        "rec_item_next_v1",
        "rec_steering_v1",
    ]
    assert all(each.equal for each in compared), "\n".join(map(str, compared))
    held = lake.read_arrow(
        REC_CUSTOMER_ITEMS, version=rebuild_model.find_list_versions(lake, version)[REC_CUSTOMER_ITEMS.name]
    )
    spoiled = held.to_pylist()
    spoiled[0]["items"][0]["score"] += 1e-6
    assert hash_table(held.from_pylist(spoiled, schema=held.schema), REC_CUSTOMER_ITEMS) != compared[2].was, (
        "the control"
    )
    silent = [row | {"because": []} for row in held.to_pylist()]
    assert silent != held.to_pylist()
    assert hash_table(held.from_pylist(silent, schema=held.schema), REC_CUSTOMER_ITEMS) != compared[2].was
    renamed = [row | {"model_version": "concierge/9", "inputs": 1} for row in held.to_pylist()]
    assert hash_table(held.from_pylist(renamed, schema=held.schema), REC_CUSTOMER_ITEMS) == compared[2].was


def test_a_rebuilt_model_is_served_like_any_model(other):
    """One that beat popularity and was tested, so it trusts fold-in: what was made without a test would
    trust none.
    """
    _, registry, version, _ = other
    model = registry.load(version)
    assert model.configuration != FALLBACK and [most for most, _ in model.fold_in.trust] == [2, 5, 20]


def test_another_seed_is_noticed(other):
    lake, registry, version, night = other
    # no lists
    bare = replace(version, tags={name: value for name, value in version.tags.items() if name != "night"})
    compared = list(
        rebuild_model.rebuild_model(
            lake, registry, bare, replace(night, settings=replace(night.settings, seed=12))
        )
    )
    # model.json holds the trust, which is measured with the seed
    equal = {each.name: each.equal for each in compared}
    assert set(equal) == {"factors.npz", "model.json"} and not equal["factors.npz"]
    assert "NOT EQUAL" in str(compared[0])


def test_a_version_is_found_by_each_of_its_names(other):
    _, registry, version, _ = other
    for name in ("1", "concierge/1", version.run_id, "night one"):
        assert rebuild_model.find_version(registry, name) == version
    with pytest.raises(rebuild_model.RebuildError, match="no version 'concierge/9'"):
        rebuild_model.find_version(registry, "concierge/9")


@pytest.mark.parametrize("what", ["code", "config"])
def test_other_code_or_settings_are_refused(other, tmp_path, what):
    _, _, version, night = other
    spoiled = replace(version, tags=version.tags | {f"{what}_hash": "0ther"})
    with pytest.raises(rebuild_model.RebuildError, match=r"it was made by (code|settings) 0ther"):
        rebuild_model.create_rebuild_context(night.settings, spoiled, tmp_path)


def test_a_deleted_table_version_is_named(other):
    lake, registry, version, night = other
    gone = replace(version, tags=version.tags | {"table.feat_items": "77"})
    with pytest.raises(rebuild_model.RebuildError, match="feat_items version 77 is no longer kept"):
        list(rebuild_model.rebuild_model(lake, registry, gone, night))


def test_a_rebuild_of_nothing_says_what_it_takes(capsys):
    with pytest.raises(SystemExit):
        rebuild_model.main(["--run="])
    assert "RUN= is missing: it takes a model's version" in capsys.readouterr().err
