"""A model on disk: opened only when it is the one that was registered."""

import numpy as np
import pytest

from models.artifact import ABOUT, FACTORS, DigestError, ModelArtifact, pack_arrays, unpack_arrays
from models.recommenders import build_blend
from models.steering.weights import NO_STEERING, CohortWeights, SteeringWeights
from models.training_data import Customers

CONFIGURATION = {
    "parts": {"lightfm": {"components": 4, "epochs": 2}},
    "weights": {"item_knn": 1.0, "lightfm": 0.1, "user_knn": 0.3},
}


def made(checkerboard, seed=1):
    ids = (
        np.array([f"i{n:02}" for n in range(20)], dtype=bytes),
        np.array([f"c{n:02}" for n in range(40)], dtype=bytes),
    )
    return ModelArtifact(
        CONFIGURATION,
        build_blend(CONFIGURATION).fit(checkerboard, seed),
        *ids,
        {"country=A": 0, "country=B": 1},
    )


def test_what_is_loaded_is_what_was_saved(checkerboard, tmp_path):
    model = made(checkerboard)
    loaded = ModelArtifact.load(tmp_path, model.save(tmp_path))
    customers = Customers.from_training(checkerboard, np.arange(40))
    assert np.array_equal(loaded.blend.score(customers), model.blend.score(customers))
    assert loaded.item_ids.tolist() == model.item_ids.tolist()
    assert (loaded.configuration, loaded.customer_vocabulary) == (
        model.configuration,
        model.customer_vocabulary,
    )


def test_what_live_behaviour_weighs_is_part_of_a_model(checkerboard, tmp_path):
    model = made(checkerboard)
    assert ModelArtifact.load(tmp_path, model.save(tmp_path)).steering == NO_STEERING
    cohort = CohortWeights(True, 2, 1.5, (0.1, 0.2, 0.3), (0.4, 0.5, 0.6), 0.7)
    model.steering = SteeringWeights(2.0, (cohort,))
    assert ModelArtifact.load(tmp_path, model.save(tmp_path)).steering == model.steering


def test_two_fits_give_the_same_digests_and_another_seed_others(checkerboard, tmp_path):
    first, again, other = (
        made(checkerboard, seed).save(tmp_path / str(n)) for n, seed in enumerate((1, 1, 2))
    )
    assert first == again
    assert first[FACTORS] != other[FACTORS]


@pytest.mark.parametrize("name", [FACTORS, ABOUT])
def test_a_changed_file_is_not_opened(checkerboard, tmp_path, name):
    digests = made(checkerboard).save(tmp_path)
    content = bytearray((tmp_path / name).read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DigestError, match=name):
        ModelArtifact.load(tmp_path, digests)


def test_a_file_without_a_registered_digest_is_not_opened(checkerboard, tmp_path):
    digests = made(checkerboard).save(tmp_path)
    with pytest.raises(DigestError):
        ModelArtifact.load(tmp_path, {FACTORS: digests[FACTORS]})


def test_pickles_are_refused():
    with pytest.raises(ValueError, match="allow_pickle"):
        unpack_arrays(pack_arrays({"trap": np.array([{"a": 1}], dtype=object)}))
