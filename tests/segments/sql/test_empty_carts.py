"""Carts that became empty, found by SQL as the reference finds them by counting."""

import duckdb
from hypothesis import example, given, settings
from hypothesis import strategies as st

from segments.events import Event
from segments.sql.empty_carts import derive_empty_carts
from segments.sql.members import build_members_query
from segments.tree.rules import RandomShare
from tests.segments.hosts import EVENT_COLUMNS, Question, load_duckdb, name_rules
from tests.segments.oracle import Customer
from tests.segments.sql.test_queries import NOW, SHOP

NEVER = RandomShare(0, "x")
MOVES = st.tuples(
    st.sampled_from(("cart", "cart", "uncart", "uncart", "purchase", "view")),
    st.sampled_from(("a", "a", "b", None)),
    st.sampled_from((None, 1.0, 2.0, 0.5)),
    st.integers(0, 3),
)
EMPTIED = [("cart", "a", 2.0, 0), ("uncart", "a", None, 1), ("uncart", "a", None, 2), ("uncart", "a", 1.0, 3)]
BOUGHT = [("cart", "a", 2.0, 0), ("purchase", "a", 1.0, 1), ("uncart", "a", 1.0, 2)]
TWO_ITEMS = [("cart", "a", 1.0, 0), ("cart", "b", 1.0, 0), ("uncart", "b", 5.0, 1), ("uncart", "a", 1.0, 1)]


def make_customer(name: str, moves: list[tuple]) -> Customer:
    events = (
        Event(NOW + at, f"{name}-{n:02}", kind, item_id=item, quantity=quantity)
        for n, (kind, item, quantity, at) in enumerate(moves)
    )
    return Customer(name, tuple(events))


@settings(max_examples=15)
@given(st.lists(st.lists(MOVES, max_size=8), min_size=5, max_size=20))
@example([EMPTIED, BOUGHT, TWO_ITEMS])
def test_sql_derives_what_counting_does(histories):
    customers = tuple(make_customer(f"c{n}", moves) for n, moves in enumerate(histories))
    expected, derived = derive(Question((), customers, (NOW,), SHOP))
    assert derived == expected


def test_an_empty_cart_is_one_event():
    """Emptied once, though a third piece is taken out; not by what was bought; once for two items."""
    customers = [
        make_customer("emptied", EMPTIED),
        make_customer("bought", BOUGHT),
        make_customer("two", TWO_ITEMS),
    ]
    _, derived = derive(Question((), tuple(customers), (NOW,), SHOP))
    kind = EVENT_COLUMNS.index("event_type")
    assert [row[2] for row in derived if row[kind] == "empty_cart"] == ["emptied-02:empty", "two-03:empty"]


def derive(question: Question) -> tuple[list[tuple], list[tuple]]:
    """The events with empty carts as the reference has them, and as SQL does."""
    with duckdb.connect(config={"threads": 1}) as database:
        load_duckdb(database, question, build_members_query(name_rules({"none": NEVER})))
        expected = database.execute("select * from events order by all").fetchall()
        database.execute("delete from events where event_type = 'empty_cart'")
        return expected, database.execute(f"{derive_empty_carts('events')} order by all").fetchall()
