"""Items, visitors and requests that filter expressions are asked about."""

from datetime import UTC, datetime

from expectations.contracts.snapshot import CustomerSlice, ItemFacts
from serving_app.filters.expression import InvalidFilter, compile_filter
from serving_app.filters.fields import FilterContext

NOW = datetime(2026, 2, 21, 12, tzinfo=UTC)
CONTEXT = FilterContext(NOW, placement="home", country="DE", age=30)
MUG = ItemFacts(
    *("Blue mug", "Home", "Acme", 2.5, "EUR", None, True, True, ("Home", "Mugs")),
    attributes={"colour": "blue", "weight": "300", "vegan": "true", "größe": "L", "size": "one, two"},
    n_stock=7,
    first_seen_at="2026-02-20T00:00:00+00:00",
)
BARE = ItemFacts(None, None, None, None, None, None, True, True)  # as of a snapshot of layout 3
REGULAR = CustomerSlice("France", ("vip", "lapsed"), "champions", 4, "2026-02-01T10:00:00Z", True)


def matches(text, item=MUG, customer=REGULAR, context=CONTEXT, **parameters):
    return compile_filter(text).bind(customer, context, parameters)("mug", item)


def find_flaw(text, **parameters):
    """What is said against an expression; None when nothing is."""
    try:
        compile_filter(text).bind(None, CONTEXT, parameters)
    except InvalidFilter as error:
        return error.detail
    return None
