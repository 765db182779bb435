"""Orders in two currencies, a customer who pays in two, and an order whose lines name two customers."""

from sample_shop.planted_cases.records import (
    Day,
    Fact,
    Line,
    Site,
    due,
    order_line,
)

FIRST_DAY, EVERY = 3, 14


def plant(site: Site, day: Day) -> None:
    """The day's odd orders. An order is its first line's customer's and in its first line's currency;
    nothing is added up across currencies.
    """
    if not due(site.day, FIRST_DAY, EVERY):
        return
    one, other, third = (site.user(f"money {name} {site.day}") for name in ("one", "other", "third"))
    item, at = site.item(17), site.at(20.5)
    orders: dict[str, list[dict[str, str]]] = {
        "two_currencies": [
            {"user_id": one, "unit_price": "10.00"},
            {"user_id": one, "unit_price": "22.97", "currency": "USD"},
        ],
        "customer_in_eur": [{"user_id": other, "unit_price": "30.00"}],
        "customer_in_usd": [{"user_id": other, "unit_price": "40.00", "currency": "USD"}],
        "two_customers": [
            {"user_id": third, "unit_price": "5.00", "country": "FR"},
            {"user_id": one, "unit_price": "6.00", "country": "DE"},
        ],
    }
    for number, (kind, lines) in enumerate(orders.items()):
        order_id = f"MX{site.day:04d}{number:02d}"
        for line_no, fields in enumerate(lines, start=1):
            day.lines["orders"].append(
                Line(kind, order_id, order_line(order_id, line_no, at, item, **fields))
            )
        first = lines[0].get("currency", "EUR")
        amount = sum(float(line["unit_price"]) for line in lines if line.get("currency", "EUR") == first)
        facts = {
            "user_id": lines[0]["user_id"],
            "currency": first,
            "amount": f"{amount:.2f}",
            "n_lines": len(lines),
        }
        day.facts.append(Fact("order", order_id, facts))
