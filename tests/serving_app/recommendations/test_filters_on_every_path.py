"""No answer holds what its filter, the stock or the shop forbids: on every rung, in every mode, with pins and
fillers, while stock and prices change.
"""

from dataclasses import dataclass

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serving_app.catalogue.store import MemoryItemChanges
from serving_app.overrides.store import MemoryOverrides
from serving_app.storage.memory import MemoryRestrictions

UNTIL = "2026-03-01T00:00:00Z"
NUMBERS = st.integers(0, 39)
ROUTES = st.sampled_from(
    [
        ("/v1/recommendations", {"customer_id": "c_regular"}),
        ("/v1/recommendations", {"customer_id": "c_newcomer"}),
        ("/v1/recommendations", {}),
        ("/v1/popular", {}),
        ("/v1/items/item-05/similar", {}),
    ]
)


@dataclass
class Facts:
    """What the test knows of an item beside the service."""

    price: float
    is_in_stock: bool = True
    is_recommendable: bool = True


def make_filters():
    """A filter's text, and whether it holds of an item by its number and facts."""
    prices = st.integers(0, 45).map(float)
    below = prices.map(lambda most: (f"price < {most}", lambda n, one: one.price < most))
    above = prices.map(lambda least: (f"not price <= {least}", lambda n, one: one.price > least))
    listed = st.sets(NUMBERS, max_size=6).map(lambda few: (write_list(few), lambda n, one: n in few))
    return below | above | listed


def write_list(numbers):
    return f"item_id in [{', '.join(repr(f'item-{n:02d}') for n in sorted(numbers))}]"


def join(parts):
    texts, tests = zip(*parts, strict=True)
    return " or ".join(f"({text})" for text in texts), lambda n, one: any(test(n, one) for test in tests)


filters = st.lists(make_filters(), min_size=1, max_size=3).map(join)
changes = st.lists(
    st.tuples(
        NUMBERS,
        st.one_of(
            st.fixed_dictionaries({"n_stock": st.integers(0, 1)}),
            st.fixed_dictionaries({"price": st.integers(1, 45).map(float)}),
            st.fixed_dictionaries({"is_recommendable": st.booleans()}),
        ),
    ),
    max_size=8,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    filters,
    changes,
    st.lists(NUMBERS, max_size=3),
    st.sets(NUMBERS, max_size=3),
    ROUTES,
    st.sampled_from(["fill", "strict"]),
)
def test_no_answer_holds_what_is_forbidden(shop, wanted, changed, pinned, excluded, asked, mode):
    (text, is_wanted), (route, visitor) = wanted, asked
    shop.use_stores(
        item_changes=MemoryItemChanges(), overrides=MemoryOverrides(), restrictions=MemoryRestrictions()
    )
    known = {n: Facts(2.5 + n, n != 38, n != 39) for n in range(40)}
    for n in pinned:
        shop.client.post("/v1/overrides", json={"kind": "pin", "item_id": f"item-{n:02d}", "until": UNTIL})
    for n, fields in changed:
        assert shop.client.patch(f"/v1/items/item-{n:02d}", json=fields).status_code == 200
        for name, value in fields.items():
            setattr(known[n], *(("is_in_stock", value > 0) if name == "n_stock" else (name, value)))
    query = {"n": 100, "mode": mode, "filter": text, **visitor}
    if excluded:
        query["exclude"] = ",".join(f"item-{n:02d}" for n in sorted(excluded))
    items = shop.client.get(route, query_string=query).json["items"]
    shown = [int(item["item_id"].removeprefix("item-")) for item in items]
    allowed = {
        n
        for n, one in known.items()
        if one.is_in_stock and one.is_recommendable and n not in excluded and is_wanted(n, one)
    }
    assert set(shown) <= allowed
    assert len(shown) == len(set(shown))
    assert all(item["price"] == known[n].price for item, n in zip(items, shown, strict=True))
    if mode == "fill":
        assert set(shown) == allowed - ({5} if "similar" in route else set()), "and none is missing"
