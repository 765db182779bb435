"""Figures since the last night: as they are counted by hand, through the API, and of hostile logs."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.contracts.home import HomePaths
from serving_app.console.live_figure_service import LiveFigureService, read_newest
from serving_app.console.live_figures import count_figures
from serving_app.console.log_reading import parse_lines
from tests.serving_app.conftest import REGULAR


def serve(request, *items, placement="cart", rung="popular"):
    rows = [{"item_id": item} for item in items]
    return {"request_id": request, "placement": placement, "list_source": rung, "items": rows}


def react(event, request, message="", **properties):
    properties = {"request_id": request, **properties}
    return {"event": event, "messageId": message or f"{event}{properties}", "properties": properties}


def count(lists, events):
    return count_figures(lists, events, str.upper)


def test_each_kind_of_reaction_counts_as_the_night_counts_it():
    lists = [
        serve("r1", "A", "B"),
        serve("r2", "A", placement="home", rung="personal"),
        serve("r3", placement=None),
    ]
    events = [
        react("Product Clicked", "r1", product_id="a"),
        react("Product Viewed", "r1", product_id="a"),  # the page that the click opened
        react("Product Added", "r1", product_id="a"),
        react("Product Viewed", "r1", product_id="z"),  # no item of the list
        react("Product Viewed", "gone", product_id="a"),
        react("Product Viewed", "r2", "m1", product_id="a"),
        react("Product Viewed", "r2", "m1", product_id="a"),  # the same event again
        react(
            "Order Completed",
            "r1",
            order_id="o1",
            products=[
                {"product_id": "a", "price": 2.5, "quantity": 2},
                {"product_id": "b", "price": 1},
                {"product_id": "z", "price": 99},
                {"product_id": "a"},
            ],
        ),
        react("Order Completed", "r1", "again", order_id="o1", products=[{"product_id": "a", "price": 9}]),
        {**react("Product Viewed", "r1", product_id="b"), "context": {"isBot": True}},
        {**react("Product Viewed", "r1", product_id="b"), "quarantined": {"reason": "bad_id"}},
    ]
    figures = count(lists, events)
    cart, home, unnamed = figures.placements
    assert (cart.placement, cart.n_lists, cart.n_shown, cart.n_clicked, cart.n_carts) == ("cart", 1, 2, 1, 1)
    assert (cart.n_orders, cart.revenue) == (1, Decimal("6.0"))
    assert (home.n_clicked, home.click_rate) == (1, 1.0)
    assert (unnamed.placement, unnamed.n_lists, unnamed.n_shown) == ("unnamed", 1, 0)
    assert figures.by_rung == {"popular": 2, "personal": 1} and figures.personal_share == pytest.approx(1 / 3)
    assert figures.total.n_lists == 3 and figures.total.revenue == Decimal("6.0")


def test_numbers_that_are_texts_count_as_the_service_takes_them():
    """As tag managers send them; an order of one item may name it without a list."""
    products = [{"product_id": "a", "price": "2.50", "quantity": "2"}]
    events = [
        react("Order Completed", "r1", order_id="o1", products=products),
        react("Order Completed", "r1", order_id="o2", product_id="b", price="1e1", products=[]),
        react("Order Completed", "r1", order_id="o3", products=[{"product_id": "a", "price": "much"}]),
    ]
    (cart,) = count([serve("r1", "A", "B")], events).placements
    assert (cart.n_orders, cart.revenue) == (2, Decimal("15.0"))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats(allow_nan=False)
    | st.sampled_from(["r1", "A", "Product Viewed"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["product_id", "price", "quantity", "products", "request_id", "item_id"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=4,
)
FIELDS = st.sampled_from(
    ["event", "messageId", "properties", "context", "request_id", "items", "placement", "list_source"]
)


@given(
    st.lists(st.dictionaries(FIELDS, JSON), max_size=3), st.lists(st.dictionaries(FIELDS, JSON), max_size=3)
)
def test_records_of_any_shape_stop_nothing(lists, events):
    figures = count([*lists, serve("r1", "A")], events)
    assert figures.total.n_clicked <= figures.total.n_shown


def test_what_was_just_served_and_clicked_is_there(shop, sign_in, keys):
    token = {"Authorization": f"Bearer {keys['admin']}"}
    answer = shop.client.get(f"/v1/recommendations?customer_id={REGULAR}&n=3", headers=token).json
    item, request = answer["items"][0]["item_id"], answer["request_id"]
    sent = {"type": "track", "event": "Product Clicked", "anonymousId": "b-1", "messageId": "m-1"}
    sent["properties"] = {"product_id": item, "request_id": request}
    assert shop.client.post("/v1/track", json=sent, headers=token).status_code == 200
    reader = sign_in(keys["metrics"])
    page = reader.get("/console/figures/now").text
    assert "33.3 %" in page and "100.0 %" in page and "<html" not in page
    assert sign_in(keys["read"]).get("/console/figures/now").status_code == 403
    service = shop.app.extensions["concierge"][LiveFigureService]
    (figures,) = service.read_figures().placements
    assert (figures.n_lists, figures.n_shown, figures.n_clicked) == (1, 3, 1)


def test_of_a_long_log_the_newest_files_are_counted(tmp_path, monkeypatch):
    folder = HomePaths(tmp_path).decision_log
    folder.mkdir(parents=True)
    for hour in range(4):
        (folder / f"2026-{hour}.jsonl").write_text(f'{{"n": {hour}}}\n' * 10 + '{"torn')
    lines, is_whole = read_newest(folder)
    assert len(lines) == 40 and is_whole
    monkeypatch.setattr("serving_app.console.live_figure_service.MOST_BYTES", 250)
    lines, is_whole = read_newest(folder)
    assert {line["n"] for line in parse_lines(lines)} == {2, 3} and not is_whole
    assert read_newest(tmp_path / "none") == ([], True)
