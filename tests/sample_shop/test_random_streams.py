"""Chance: choices follow their weights, streams depend on what they are named after, files are whole."""

import gzip

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sample_shop import file_writing, spoiled_lines
from sample_shop.columns import Columns
from sample_shop.contacts import format_national_phone, mistype
from sample_shop.random_streams import (
    create_random_stream,
    draw_by_weights,
    draw_columns,
    make_opaque_id,
    scale_weights,
)
from sample_shop.tastes import compute_browse_probability, compute_restock_probability
from sample_shop.visits import PurchaseHistory


def test_choices_follow_the_weights_of_their_row():
    weights, rng = np.array([[1, 0, 3, 0], [0, 5, 0, 5]]), create_random_stream(3, "test")
    rows = np.repeat([0, 1], 40_000)
    drawn = draw_columns(rng, weights, rows)
    for row in (0, 1):
        share = np.bincount(drawn[rows == row], minlength=4) / 40_000
        assert np.abs(share - weights[row] / weights[row].sum()).max() < 0.01  # four standard errors
        assert (share[weights[row] == 0] == 0).all()
    assert np.abs(np.bincount(draw_by_weights(rng, (1, 0, 1), 40_000)) / 40_000 - [0.5, 0, 0.5]).max() < 0.01


@given(
    st.lists(st.lists(st.floats(-30, 30), min_size=3, max_size=3), min_size=1, max_size=5),
    st.integers(0, 2**32),
)
@settings(max_examples=50, deadline=None)
def test_only_what_has_weight_is_chosen(logs, seed):
    weights = scale_weights(np.array(logs))
    assert weights.dtype == np.int64 and (weights.max(axis=1) == 1_000_000).all()
    rows = np.repeat(np.arange(len(logs)), 20)
    drawn = draw_columns(create_random_stream(seed, "test"), weights, rows)
    assert (weights[rows, drawn] > 0).all()


def test_streams_and_opaque_ids_depend_on_each_of_their_words():
    first = create_random_stream(1, "visits", 4).random()
    assert first == create_random_stream(1, "visits", 4).random()
    assert (
        len(
            {
                first,
                create_random_stream(2, "visits", 4).random(),
                create_random_stream(1, "prices", 4).random(),
                create_random_stream(1, "visits", 5).random(),
            }
        )
        == 4
    )
    assert (
        len({make_opaque_id(s, kind, n, 12) for s in (1, 2) for kind in ("user", "crm") for n in range(500)})
        == 2000
    )


def test_chance_to_buy_in_a_day_is_that_of_poisson_visits():
    """Against drawing it: visits Poisson(.8), views 1 + Poisson(2.5), each buys with .07."""
    rng = np.random.default_rng(8)
    visits = rng.poisson(0.8, 200_000)
    views = visits + rng.poisson(2.5 * visits)
    drawn = (rng.binomial(views, 0.07) > 0).mean()
    told = compute_browse_probability(np.array([0.8]), np.array([2.5]), np.array([[0.07]]))[0, 0]
    assert abs(told - drawn) < 4 * np.sqrt(told * (1 - told) / 200_000)


def test_restocking_waits_for_the_cycle_and_is_forgotten_after():
    age, one = np.arange(0, 61), np.ones(61)
    hazard = compute_restock_probability(age, 0.2 * one, 20.0 * one)
    assert hazard[0] == 0 and hazard[20] == pytest.approx(0.1) and (hazard[51:] == 0).all()
    assert (np.diff(hazard[:51]) > 0).all() and hazard[50] == pytest.approx(0.2, rel=1e-4)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 9), st.integers(0, 30)), max_size=40))
def test_memory_keeps_the_last_purchase_of_each_pair(bought):
    history, expected = PurchaseHistory(), {}
    for day in sorted({day for *_, day in bought}):
        today = [(person, item) for person, item, d in bought if d == day]
        history.add_purchases(np.array([p for p, _ in today]), np.array([i for _, i in today]), day)
        expected |= dict.fromkeys(today, day)
    asked = np.array([(p, i) for p in range(41) for i in range(10)])
    last = history.find_last_days(asked[:, 0], asked[:, 1])
    assert {
        (p, i): d for (p, i), d in zip(map(tuple, asked.tolist()), last.tolist(), strict=True) if d >= 0
    } == expected


@given(st.lists(st.binary(max_size=4)), st.lists(st.binary(max_size=4)), st.integers(0, 99))
def test_mixing_keeps_every_line_and_the_order_of_the_good_ones(lines, extra, seed):
    merged, good, bad = spoiled_lines.insert_at_random(np.random.default_rng(seed), lines, extra)
    assert [merged[k] for k in good] == lines and [merged[k] for k in bad] == extra
    assert sorted([*good, *bad]) == list(range(len(merged)))


@given(st.text("abcXYZ019.-", min_size=1, max_size=12), st.integers(0, 999))
def test_a_slip_is_one_slip(text, seed):
    wrong = mistype(np.random.default_rng(seed), text)
    assert abs(len(wrong) - len(text)) <= 1
    if len(wrong) == len(text):
        assert sum(a != b for a, b in zip(text, wrong, strict=True)) <= 2
    assert format_national_phone("+49 151 2345") == "0151 2345"


def test_files_are_whole_and_say_no_time(tmp_path):
    path = tmp_path / "a" / "events.jsonl.gz"
    file_writing.write_lines(path, [b"one", b"two"])
    assert gzip.decompress(path.read_bytes()) == b"one\ntwo\n" and path.read_bytes()[4:8] == bytes(4)
    file_writing.write_lines(path, [], b"head")
    assert gzip.decompress(path.read_bytes()) == b"head\n" and [p.name for p in path.parent.iterdir()] == [
        path.name
    ]


def test_columns_grow_together():
    rows = Columns(a=np.array([1, 2]), b=np.zeros((2, 3)))
    assert rows.append(a=np.array([3]), b=np.ones((1, 3))).tolist() == [2] and len(rows) == 3
    assert rows.take(np.array([2, 0])).a.tolist() == [3, 1]
    with pytest.raises(ValueError, match="do not fit"):
        rows.append(a=np.array([1]))
    with pytest.raises(AttributeError):
        _ = rows.c
