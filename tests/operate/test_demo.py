"""`make demo`: whom it offers, what it hands the service, and that its keys end with it."""

from datetime import UTC, datetime

import pytest

from operate.demo.__main__ import build_environment, lend_key, parse_arguments
from operate.demo.customers import choose_customers
from serving_app.keys.changes import NewKey
from serving_app.keys.store import FileKeys
from serving_app.settings import Settings


def person(user_id, segment, category, n_orders):
    return {
        "user_id": user_id,
        "rfm_segment": segment,
        "favourite_category": category,
        "n_orders": n_orders,
    }


def test_one_customer_a_segment_with_histories_that_differ():
    people = [
        person("u-1", "champions", "Pets", 12),
        person("u-2", "champions", "Food", 9),
        person("u-3", "loyal", "Pets", 30),
        person("u-4", "loyal", "Home", 4),
        person("u-5", "recent_small_buyers", None, 1),
        person("u-6", "promising", "Toys", 2),
    ]
    chosen = choose_customers(reversed(people))
    assert [(one.user_id, one.story) for one in chosen] == [
        ("u-1", "Champion · 12 orders, mostly Pets"),
        ("u-4", "Loyal · 4 orders, mostly Home"),
        ("u-5", "Newly won · 1 order"),
    ]
    assert choose_customers([]) == []


def test_an_open_home_stays_open(tmp_path, monkeypatch):
    monkeypatch.setenv("CONCIERGE_ADMIN_TOKEN", "an operator's token of some length")
    env = build_environment(Settings(home=tmp_path), is_open=True)
    assert env["CONCIERGE_DEMO"] == "on" and env["CONCIERGE_ADMIN_TOKEN"] == ""
    assert len(env["CONCIERGE_USER_TOKEN_SECRETS"]) >= 32
    shop = Settings(home=tmp_path, user_token_secrets=("a" * 32, "b" * 32))
    env = build_environment(shop, is_open=False)
    assert env["CONCIERGE_ADMIN_TOKEN"].startswith("an operator") and env[
        "CONCIERGE_USER_TOKEN_SECRETS"
    ] == ",".join(["a" * 32, "b" * 32])


def test_a_lent_key_ends_with_the_demo(tmp_path):
    store, now = FileKeys(tmp_path), datetime.now(UTC)
    new = NewKey("demo pages", ("read", "events"), "browser", origins=("http://127.0.0.1:8080",))
    with pytest.raises(KeyboardInterrupt), lend_key(store, new) as text:
        assert store.find(text, now).kind == "browser"
        raise KeyboardInterrupt
    assert store.find(text, datetime.now(UTC)) is None


@pytest.mark.parametrize("n", ["-1", "1001", "x"])
def test_how_many_shoppers(n):
    assert parse_arguments([]).shoppers == 0
    with pytest.raises(SystemExit):
        parse_arguments([f"--shoppers={n}"])
