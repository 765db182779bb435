"""The twenty analyses on the small shop's warehouse, against the same figures counted in plain Python."""

import math
import shutil
from collections import Counter, defaultdict
from datetime import UTC
from itertools import combinations, pairwise
from zoneinfo import ZoneInfo

import duckdb
import pytest

from operate.insights.answers import answer_questions
from operate.insights.page import render_page
from operate.insights.questions import ANALYSES, QUESTIONS
from spark_jobs.settings import Settings
from spark_jobs.sources.registry import find_shop_time_zone

LATER = (
    "insert into fct_orders select * replace ('again ' || {days} || ' ' || order_id as order_id,"
    " ordered_at + interval {days} day as ordered_at, ordered_date + {days} as ordered_date)"
    " from fct_orders where order_id not like 'again%' and hash(customer_id) % 3 < {thirds}"
)


@pytest.fixture(scope="module")
def home(built, new_home):
    """A home whose published warehouse is the small shop's, with orders of half a year: the shop is open for
    days only, and its customers order again 20, 45 and 130 days later, fewer each time.
    """
    home = new_home("insights")
    builds = home.root / "warehouse" / "builds"
    builds.mkdir(parents=True)
    shutil.copyfile(built.anew, builds / "shop.duckdb")
    with duckdb.connect(str(builds / "shop.duckdb")) as warehouse:
        for days, thirds in ((20, 3), (45, 2), (130, 1)):
            warehouse.execute(LATER.format(days=days, thirds=thirds))
    home.publish("shop", builds / "shop.duckdb")
    return home


@pytest.fixture(scope="module")
def answers(home):
    return answer_questions(Settings.from_environment({"CONCIERGE_HOME": str(home.root)}))


@pytest.fixture(scope="module")
def sales(home):
    """Sold orders that a customer is known of: customer, time and day, oldest first."""
    file = home.root / "warehouse" / "builds" / "shop.duckdb"
    with duckdb.connect(str(file), read_only=True) as warehouse:
        return warehouse.execute(
            "select customer_id, ordered_at, ordered_date from fct_orders"
            " where not is_return and customer_id is not null order by ordered_at, order_id"
        ).fetchall()


def list_orders(sales) -> dict[str, list]:
    orders = defaultdict(list)
    for customer, at, day in sales:
        orders[customer].append((at, day))
    return orders


def rows(answers, name):
    return answers[name].to_pylist()


def test_there_is_a_question_for_each_analysis_and_it_ends_with_a_question_mark():
    assert len(QUESTIONS) == 20
    assert {question.name for question in QUESTIONS} == {file.stem for file in ANALYSES.glob("*.sql")}
    for question in QUESTIONS:
        asked, note = question.read()
        assert asked.endswith("?") and asked[0].isupper() and not note.startswith("?")


def test_each_month_s_cohort_comes_back(answers, sales):
    seen = defaultdict(set)
    for customer, orders in list_orders(sales).items():
        first = min(day for _, day in orders)
        for _, day in orders:
            later = (day.year - first.year) * 12 + day.month - first.month
            seen[first.replace(day=1), later].add(customer)
    expected = {
        (cohort, later, len(customers), round(100 * len(customers) / len(seen[cohort, 0]), 1))
        for (cohort, later), customers in seen.items()
    }
    assert {tuple(row.values()) for row in rows(answers, "cohort_retention")} == expected
    assert any(later for _, later, _, _ in expected)


def test_a_second_order_counts_where_the_horizon_has_passed(answers, sales):
    newest = max(day for _, _, day in sales)
    for row in rows(answers, "second_order"):
        old = again = 0
        for orders in list_orders(sales).values():
            days = [day for _, day in orders]
            if (newest - days[0]).days >= row["n_days"]:
                old += 1
                again += len(days) > 1 and (days[1] - days[0]).days < row["n_days"]
        assert (row["n_customers"], row["n_ordered_again"]) == (old, again)
    assert {row["n_days"] for row in rows(answers, "second_order")} >= {7, 30}


def test_intervals_lie_between_days_of_orders(answers, sales):
    gaps = Counter()
    for orders in list_orders(sales).values():
        for one, other in pairwise(sorted({day for _, day in orders})):
            gaps[((other - one).days - 1) // 7 * 7 + 1] += 1
    assert {row["from_days"]: row["n_intervals"] for row in rows(answers, "repeat_intervals")} == gaps
    assert gaps


def test_the_value_curve_ends_with_all_the_money(answers, built):
    with duckdb.connect(str(built.anew), read_only=True) as warehouse:
        spent = warehouse.execute(
            "select if(currency = 'EUR', amount_spent, 0) from dim_customers where n_orders > 0"
        ).fetchall()
    spent = sorted((float(amount) for (amount,) in spent), reverse=True)
    for row in rows(answers, "value_curve"):
        best = spent[: math.floor(row["customer_percent"] / 100 * len(spent) + 1e-9)]
        assert row["amount_percent_so_far"] == pytest.approx(100 * sum(best) / sum(spent), abs=0.051)
    assert rows(answers, "value_curve")[-1]["amount_percent_so_far"] == 100


def test_amounts_in_another_currency_are_counted_and_not_added(answers, home):
    file = home.root / "warehouse" / "builds" / "shop.duckdb"
    with duckdb.connect(str(file), read_only=True) as warehouse:
        orders = warehouse.execute("select currency, amount from fct_orders where not is_return").fetchall()
    most = Counter(currency for currency, _ in orders).most_common(1)[0][0]
    baskets = rows(answers, "basket_sizes")
    assert sum(row["n_orders"] for row in baskets) == len(orders)
    assert sum(row["amount"] for row in baskets) == sum(amount for of, amount in orders if of == most)


def test_customers_are_of_one_kind_each(answers, built):
    with duckdb.connect(str(built.anew), read_only=True) as warehouse:
        customers = warehouse.execute("select is_known, n_orders from dim_customers").fetchall()
    kinds = Counter(3 if n > 1 else 2 if n else int(is_known) for is_known, n in customers)
    names = ["anonymous, never bought", "known, never bought", "bought once", "bought again"]
    expected = [(names[kind], n) for kind, n in sorted(kinds.items())]
    found = [(row["customer_kind"], row["n_customers"]) for row in rows(answers, "customers_by_kind")]
    assert found == expected and len(found) > 2


def test_the_last_group_of_orders_per_customer_says_that_it_is_open(answers, built, home, tmp_path):
    """Nobody in the small shop orders ten times: the same analysis where each has ordered 4 times more."""
    compiled = home.root / "warehouse" / "reading" / "target" / "compiled" / "concierge" / "analyses"
    query = (compiled / "orders_per_customer.sql").read_text().replace('"copy"."main".', "")
    copy = tmp_path / "copy.duckdb"
    shutil.copyfile(built.anew, copy)
    with duckdb.connect(str(copy)) as warehouse:
        warehouse.execute("update dim_customers set n_orders = 4 * n_orders")
        counts = Counter(n for (n,) in warehouse.execute("select n_orders from dim_customers").fetchall())
        found = [row[:2] for row in warehouse.execute(query).fetchall()]
    many = sum(customers for n, customers in counts.items() if n >= 10)
    assert found == [("4", counts[4]), ("8", counts[8]), ("10 or more", many)] and many


def test_labels_are_in_their_order_without_numbers_before_them(answers):
    sizes = ["1 to 4 lines", "5 to 9 lines", "10 to 19 lines", "20 to 49 lines", "50 lines or more"]
    lapses = ["less than 30 days", "30 to 59 days", "60 to 89 days", "90 to 179 days", "180 days or longer"]
    for name, labels in (("basket_sizes", sizes), ("lapsed_value", lapses)):
        found = [next(iter(row.values())) for row in rows(answers, name)]
        assert found == [label for label in labels if label in found] and found


def test_orders_come_in_by_the_clock_of_the_shop(answers, home):
    file = home.root / "warehouse" / "builds" / "shop.duckdb"
    with duckdb.connect(str(file), read_only=True) as warehouse:
        orders = warehouse.execute("select ordered_at from fct_orders where not is_return").fetchall()
    clock = ZoneInfo(find_shop_time_zone(("sample_shop",)))
    local = [at.replace(tzinfo=UTC).astimezone(clock) for (at,) in orders]
    expected = Counter((at.isoweekday(), at.hour) for at in local)
    assert {tuple(row.values())[:2]: row["n_orders"] for row in rows(answers, "order_times")} == expected
    assert expected != Counter((at.isoweekday(), at.hour) for (at,) in orders)


def test_what_guests_bought_is_counted_apart(answers, built):
    with duckdb.connect(str(built.anew), read_only=True) as warehouse:
        lines = warehouse.execute(
            "select item_id, customer_id, quantity from fct_order_lines where is_sold and is_goods"
        ).fetchall()
    guests = Counter()
    for item, customer, quantity in lines:
        guests[item] += quantity * (customer is None)
    found = {row["item_id"]: row["n_units_to_guests"] for row in rows(answers, "best_sellers")}
    assert found == {item: guests[item] for item in found} and any(found.values())


def test_shares_say_of_whom(answers, built):
    """Of those with a cart, and of viewers; consents are those of known customers."""
    with duckdb.connect(str(built.anew), read_only=True) as warehouse:
        customers = warehouse.execute(
            "select n_views, n_carts, n_orders, is_known from dim_customers"
        ).fetchall()
    viewed = [row for row in customers if row[0]]
    carted = [row for row in viewed if row[1]]
    bought = [row for row in carted if row[2]]
    [funnel] = rows(answers, "funnel")
    assert funnel["carted_percent_of_viewed"] == pytest.approx(100 * len(carted) / len(viewed), abs=0.051)
    assert funnel["bought_percent_of_carted"] == pytest.approx(100 * len(bought) / len(carted), abs=0.051)
    known = sum(row["n_known_customers"] for row in rows(answers, "reachable_customers"))
    assert known == sum(is_known for *_, is_known in customers) < len(customers)


def test_pairs_bought_together(built, home, tmp_path):
    """The small shop has no pair twenty times: the same analysis with a lower bound."""
    file = home.root / "warehouse" / "reading" / "target" / "compiled" / "concierge" / "analyses"
    query = (file / "basket_affinity.sql").read_text().replace("count(*) >= 20", "count(*) >= 2")
    copy = tmp_path / "copy.duckdb"
    shutil.copyfile(built.anew, copy)
    with duckdb.connect(str(copy), read_only=True) as warehouse:
        found = warehouse.execute(query.replace('"copy"."main".', "").replace("limit 25", "")).fetchall()
        lines = warehouse.execute(
            "select source || ':' || order_id, item_id, title from fct_order_lines left join dim_items"
            " using (item_id) where is_sold and fct_order_lines.is_goods and item_id is not null"
        ).fetchall()
    baskets, titles = defaultdict(set), {}
    for basket, item, title in lines:
        baskets[basket].add(item)
        titles[item] = title
    baskets = [items for items in baskets.values() if len(items) <= 50]
    counts = Counter(item for items in baskets for item in items)
    pairs = Counter(pair for items in baskets for pair in combinations(sorted(items), 2))
    expected = Counter(
        (titles[a], titles[b], n, round(n * len(baskets) / (counts[a] * counts[b]), 1))
        for (a, b), n in pairs.items()
        if n >= 2
    )
    assert Counter((one, other, n, lift) for one, other, n, _, lift in found) == expected and expected


def test_the_page_shows_every_answer(answers, tmp_path, look):
    page = tmp_path / "index.html"
    page.write_text(render_page("Twenty questions: a & b", answers))
    assert "a &amp; b" in page.read_text() and page.read_text().count("<h2") == 20
    assert look(page, 1200) == [] and look(page, 420) == []


def test_nothing_published_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing is published yet"):
        answer_questions(Settings.from_environment({"CONCIERGE_HOME": str(tmp_path)}))
