"""`make soak NAME=hidden_items`, short: what was hidden is in no answer, through a publish and a kill."""

import pytest

from benchmarks.soak.hidden_items.__main__ import Goal, Pace, run_soak
from benchmarks.soak.hidden_items.books import HiddenBooks

pytestmark = pytest.mark.slow  # starts a server

PACE = Pace(flips=0.01, nights=0.8, kills=1.5)


# Over 10 s: 600 answers, nights published meanwhile, and a server that is killed.
def test_what_is_hidden_is_served_no_more(tmp_path):
    result = run_soak(tmp_path, Goal(answers=600, kills=1), n_clients=6, pace=PACE)
    assert result.counts.violations == []
    assert result.n_hides >= 3 and result.n_killed >= 1 and len(result.counts.snapshots) >= 2
    assert result.counts.n_items > 10 * result.counts.n_answers


def test_the_control_is_noticed(tmp_path):
    result = run_soak(tmp_path, Goal(answers=150), n_clients=6, pace=PACE, is_silent=True)
    assert result.counts.n_violations > 10


def test_the_books():
    """Hidden from 10 to 20, and since 30."""
    books = HiddenBooks()
    books.hide("a", 10)
    books.show("a", 20)
    books.hide("a", 30)
    spans = [(11, 19), (9, 15), (11, 21), (21, 29), (25, 31), (31, 99)]
    assert [bool(books.find_violations(["a", "b"], *span)) for span in spans] == [True, *[False] * 4, True]
