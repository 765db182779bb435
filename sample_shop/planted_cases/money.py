"""Orders in two currencies, a customer who pays in two, and an order whose lines name two customers."""

from sample_shop.planted_cases.records import (
    ExpectedFact,
    PlantedDay,
    PlantedLine,
    PlantingSite,
    format_order_line,
    is_due,
)

FIRST_DAY, EVERY = 3, 14


def add_cases(site: PlantingSite, day: PlantedDay) -> None:
    """The day's odd orders. An order is its first line's customer's and in its first line's currency;
    nothing is added up across currencies.
    """
    if not is_due(site.day, FIRST_DAY, EVERY):
        return
    one, other, third = (site.make_user_id(f"money {name} {site.day}") for name in ("one", "other", "third"))
    item, at = site.pick_item(17), site.moment_ms(20.5)
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
                PlantedLine(kind, order_id, format_order_line(order_id, line_no, at, item, **fields))
            )
        first = lines[0].get("currency", "EUR")
        amount = sum(float(line["unit_price"]) for line in lines if line.get("currency", "EUR") == first)
        facts = {
            "user_id": lines[0]["user_id"],
            "currency": first,
            "amount": f"{amount:.2f}",
            "n_lines": len(lines),
        }
        day.facts.append(ExpectedFact("order", order_id, facts))
