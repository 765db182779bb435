"""Who proposes what, against a plain reading."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.blending.candidates import NOT_LISTED, propose_candidates

SCORES = arrays(np.float32, (3, 8), elements=st.sampled_from([-np.inf, 0.0, 0.25, 0.5, 1.0]))


def ranked(scores, allowed):
    return sorted(
        (i for i in range(len(scores)) if allowed[i] and np.isfinite(scores[i])),
        key=lambda i: (-scores[i], i),
    )


@settings(max_examples=60, deadline=None)
@given(
    a=SCORES, b=SCORES, seen=arrays(bool, (3, 8)), n=st.integers(1, 5), allowed=st.none() | arrays(bool, 8)
)
def test_the_union_of_everybodys_best(a, b, seen, n, allowed):
    found = propose_candidates({"a": a, "b": b}, seen, n, allowed)
    may = np.ones(8, bool) if allowed is None else allowed
    expected = {}
    for bit, scores in enumerate((a, b)):
        for row in range(3):
            for item in {*ranked(scores[row], may)[:n], *ranked(scores[row], may & ~seen[row])[:n]}:
                expected[row, item] = expected.get((row, item), 0) | 1 << bit
    pairs = list(zip(found.row.tolist(), found.item.tolist(), strict=True))
    assert pairs == sorted(expected)
    assert found.sources.tolist() == [expected[pair] for pair in pairs]
    for part, scores in (("a", a), ("b", b)):
        for (row, item), place in zip(pairs, found.ranks[part].tolist(), strict=True):
            own = ranked(scores[row], np.ones(8, bool))[: 2 * n]
            assert place == (own.index(item) if item in own else NOT_LISTED)
