"""What knows the answer is refused by name, and what does not is let through; the future changes no training
row.
"""

from dataclasses import replace

import numpy as np
import pytest

from models.blending.candidate_features import FEATURE_GROUPS
from models.blending.leak_checks import LeakError, compute_auc
from models.blending.learned import LearnedBlend
from models.blending.ranker import RankerSettings
from models.blending.training_rows import (
    PartScores,
    RowSampling,
    build_training_rows,
    draw_training_case,
    score_parts,
)
from models.blending.training_windows import TrainingWindow
from models.recommenders import build_recommender
from models.time_split import OverlapError
from models.training_data import KINDS, PURCHASE
from tests.models.conftest import training

WINDOW = TrainingWindow(40, 47)


def built(shop, groups=FEATURE_GROUPS, window=WINDOW, cut=WINDOW.cut):
    """Rows of a window, by two parts fitted on what was before `cut`."""
    past = shop.before(cut)
    test = draw_training_case(shop, window, 100, seed=1)
    parts = [build_recommender(name).fit(past, 1) for name in ("item_knn", "own_history")]
    scores = score_parts(parts, test.select_customers(shop.before(window.cut)))
    return build_training_rows(
        shop, window, test, PartScores(scores, [cut, cut]), RowSampling(20, 10, 1), groups
    )


def planted(values):
    """A group of one column, `planted.future`, made of (moment, candidates)."""
    return (*FEATURE_GROUPS, lambda moment, at: {"planted.future": values(moment, at)})


def peeking(moment, at):
    """A column that reads a little of the answers: noise, moved by a hair where the item was wanted."""
    noise = np.random.default_rng(0).random(len(at))
    return noise if moment.answers is None else noise + 0.001 * moment.answers[at.row, at.item]


def test_a_column_that_reads_the_answers_is_refused_by_name(shop):
    with pytest.raises(LeakError, match=r"read the answers: planted\.future"):
        built(shop, planted(peeking))


def test_a_column_that_has_the_answers_from_elsewhere_is_refused_by_name(shop):
    wanted = draw_training_case(shop, WINDOW, 100, seed=1).wanted.toarray()
    with pytest.raises(LeakError, match=r"must know it: planted\.future"):
        built(shop, planted(lambda moment, at: wanted[at.row, at.item]))


def test_an_honest_column_is_let_through(shop):
    """Negative control of both: noise, and the columns that there are."""
    found = built(shop, planted(lambda moment, at: np.random.default_rng(0).random(len(at))))
    assert found.names[-1] == "planted.future" and 0 < found.wanted.mean() < 1


def test_parts_that_saw_the_window_are_refused_by_name(shop):
    with pytest.raises(OverlapError, match=r"item_knn \(fitted to day 44\), own_history"):
        built(shop, cut=44)


def test_a_window_that_reaches_into_the_test_is_refused(shop):
    with pytest.raises(OverlapError, match="from day 40 to 47 reaches into the days from 45"):
        built(shop.before(45))


def test_the_future_changes_no_row(shop):
    """Everything from the window's end on is exchanged between customers and items: rows are the
    same bytes.
    """
    generator, b = np.random.default_rng(3), shop.behaviour
    future = b.day >= WINDOW.until
    item, customer = b.item.copy(), b.customer.copy()
    item[future], customer[future] = (
        generator.permutation(item[future]),
        generator.permutation(customer[future]),
    )
    order = np.lexsort((b.day, item, customer))
    other = replace(shop, behaviour=replace(b, item=item[order], customer=customer[order], day=b.day[order]))
    mine, theirs = built(shop), built(other)
    assert mine.table.tobytes() == theirs.table.tobytes()
    assert mine.wanted.tobytes() == theirs.wanted.tobytes()
    past = b.day < WINDOW.cut  # negative control: exchanging the past does change them
    item = b.item.copy()
    item[past] = (item[past] + 1) % b.n_items
    order = np.lexsort((b.day, item, b.customer))
    changed = replace(
        shop, behaviour=replace(b, item=item[order], customer=b.customer[order], day=b.day[order])
    )
    assert built(changed).table.tobytes() != mine.table.tobytes()


def looked_at(shop, day):
    """The shop where half of what is wanted in the window was looked at and put into a cart on this day."""
    b = shop.behaviour
    wanted = b.before(WINDOW.until).since(WINDOW.cut)
    wanted = wanted.where(np.arange(len(wanted)) % 2 == 0)
    times = [len(b), len(wanted), len(wanted)]
    columns = {
        name: np.concatenate([getattr(b, name), *[getattr(wanted, name)] * 2])
        for name in ("customer", "item")
    }
    columns["day"] = np.concatenate([b.day, np.full(2 * len(wanted), day, np.int32)])
    columns["kind"] = np.repeat(
        np.array([PURCHASE, KINDS.index("view"), KINDS.index("cart")], np.int8), times
    )
    found = np.unique(np.stack([columns[name] for name in ("customer", "item", "day", "kind")]), axis=1)
    held = dict(zip(("customer", "item", "day"), found.astype(np.int32), strict=False))
    return replace(shop, behaviour=replace(b, **held, kind=found[3].astype(np.int8)))


def test_what_is_looked_at_from_the_cuts_own_day_on_changes_no_row(shop):
    """At night the whole day before is known; a window begins with a day of which nothing is."""
    mine = built(shop)
    for day in (WINDOW.cut, WINDOW.until - 1):
        theirs = built(looked_at(shop, day))
        assert (
            theirs.table.tobytes() == mine.table.tobytes()
            and theirs.wanted.tobytes() == mine.wanted.tobytes()
        )
    # negative control: the evening before, and what follows shows it
    changed = built(looked_at(shop, WINDOW.cut - 1))
    since = changed.table[:, changed.names.index("view.since")]
    assert (since[changed.wanted] == 1).any() and np.isnan(
        mine.table[:, mine.names.index("view.since")]
    ).all()


def test_a_blend_fitted_before_a_day_does_not_change_with_what_follows(shop):
    parts = [build_recommender(name) for name in ("item_knn", "own_history", "popularity")]
    trees = [
        LearnedBlend([replace(part) for part in parts], RankerSettings(windows=2, rounds=5))
        .fit(whole.before(45), 1)
        .trees
        for whole in (shop, shop.before(50))
    ]
    assert trees[0] == trees[1]


@pytest.mark.parametrize(
    ("column", "wanted", "area"),
    [
        ([1, 2, 3, 4], [0, 0, 1, 1], 1.0),
        ([4, 3, 2, 1], [0, 0, 1, 1], 0.0),
        ([1, 1, 1, 1], [0, 1, 0, 1], 0.5),
        ([1, 2, 2, 3], [0, 1, 0, 1], 0.875),
    ],
)
def test_area_under_the_curve(column, wanted, area):
    assert compute_auc(np.array(column, float), np.array(wanted, bool)) == pytest.approx(area)


def test_newcomers_are_asked_too_and_known_to_nobody(shop):
    """Customer 60 came first within the window, 61 before it: the one is a stranger to whatever was fitted
    before.
    """
    b = shop.behaviour
    cells = [
        *zip(b.customer.tolist(), b.item.tolist(), b.day.tolist(), strict=True),
        (60, 3, 41),
        (61, 3, 30),
        (61, 5, 42),
    ]
    grown = training(cells, 62)
    test = draw_training_case(grown, WINDOW, 100, seed=1)
    assert test.customers.tolist() == list(range(62))
    assert test.is_stranger.sum() == 6 and test.is_stranger[60], (
        "a tenth: one newcomer, five asked as if they were"
    )
    assert test.wanted[60].indices.tolist() == [3] and test.wanted[61].indices.tolist() == [5]
    met = test.select_customers(grown.before(WINDOW.cut))
    assert (met.known == np.where(test.is_stranger, -1, np.arange(62))).all()
    assert set(np.unique(met.behaviour.customer)) == set(np.flatnonzero(~test.is_stranger))
    assert met.behaviour.day.max() < WINDOW.cut
