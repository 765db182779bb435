"""Whatever order events come in, whenever nights are published and workers end: the members at each
checkpoint are those of the whole history, and what was told is what is so.
"""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from serving_app.live.memory import MemoryBackend
from tests.serving_app.memberships.town import Town

MINUTES = st.integers(0, 900)
STEPS = st.one_of(
    st.tuples(
        st.just("event"),
        st.sampled_from(["cart", "purchase", "view", "view"]),
        st.sampled_from(["regular", "stranger"]),
        st.one_of(st.integers(0, 12), MINUTES),  # minutes late
        st.booleans(),  # sent twice
    ),
    st.tuples(st.just("wait"), st.one_of(st.integers(1, 11), MINUTES)),
    st.tuples(st.just("keep")),
    st.tuples(st.just("restart")),
    st.tuples(st.just("night")),
    st.tuples(st.just("night again")),
    st.tuples(st.just("join")),
)


def play(town, step):
    """One thing that happens."""
    kind, *details = step
    if kind == "event":
        town.send(*details)
    elif kind == "wait":
        town.clock.move(minutes=details[0])
    elif kind == "keep":
        town.keep()
    elif kind == "restart":
        town.restart()
    elif kind == "join":
        town.join()
    elif kind == "night":
        town.absorbed = town.clock().date() - timedelta(days=1)
        town.publish()
    else:
        town.publish()


@given(st.lists(STEPS, max_size=25))
@settings(max_examples=60, deadline=None)
def test_members_are_those_of_the_whole_history(tmp_path_factory, steps):
    backends = []

    def make_backend(clock):
        backends.append(backends[0] if backends else MemoryBackend(clock))
        return backends[0]

    town = Town(tmp_path_factory.getbasetemp(), make_backend)
    for step in steps:
        play(town, step)
        town.check()
    town.keep(8)
    town.check()
    town.check_told()
