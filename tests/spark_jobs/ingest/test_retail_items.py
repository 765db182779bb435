"""Online Retail's catalogue is read off its sales: what they call an item, and nothing that a stock
correction says of it.
"""

import random
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal

from expectations.contracts.lake import CORE_ORDER_LINES
from spark_jobs.ingest.sources import online_retail
from spark_jobs.ingest.sources.online_retail import COLUMNS, TITLE_LINES, derive_items

WEDNESDAY, THURSDAY, FRIDAY = "2010-12-01", "2010-12-02", "2010-12-03"
OPENED = datetime(2010, 12, 1, 8)


def core_line(number: int, item_id: str, title: str | None, **more: object) -> dict:
    sale = {
        "line_type": "sale",
        "quantity": 1,
        "unit_price": Decimal(2),
        "ordered_at": OPENED + timedelta(minutes=number),
    }
    place = {"order_id": str(number), "line_no": 1, "first_received": f"2010-12-01/day.csv#{number:09d}"}
    return {
        **dict.fromkeys(CORE_ORDER_LINES.columns),
        "source": "r",
        "item_id": item_id,
        "item_title": title,
        **place,
        **sale,
        **more,
    }


def known(spark, rows: list[dict], held: list[tuple] | None = None) -> dict[str, object]:
    lines = spark.createDataFrame([tuple(row.values()) for row in rows], CORE_ORDER_LINES.schema)
    before = spark.createDataFrame(held, "item_id string, title string") if held else None
    return {row["item_id"]: row for row in derive_items(lines, before).collect()}


def test_an_item_is_called_as_most_of_its_last_sales_call_it(spark):
    """Six hundred lines of five items, sales among corrections, many at one time, against the rule in plain
    Python.
    """
    draw, rows = random.Random(5), []
    for number in range(600):
        kind = draw.choice(["sale", "sale", "sale", "adjustment", "return"])
        title = (
            draw.choice(["TIN", "TIN BOX", "JAR", None])
            if kind == "sale"
            else draw.choice(["damages", "?", "found"])
        )
        price = Decimal(draw.choice([0, 2, 3])) if kind == "sale" else Decimal(0)
        at = OPENED + timedelta(minutes=number // 9)
        rows.append(
            core_line(number, f"I{draw.randrange(5)}", title, line_type=kind, unit_price=price, ordered_at=at)
        )
    found = known(spark, draw.sample(rows, len(rows)))
    for item_id in {row["item_id"] for row in rows}:
        sold = [
            row
            for row in rows
            if row["item_id"] == item_id and row["line_type"] == "sale" and row["unit_price"] > 0
        ]
        last = [row["item_title"] for row in sold if row["item_title"]][-TITLE_LINES:]
        assert len(last) == TITLE_LINES < len(sold)
        most = max(Counter(last).values())
        newest = [title for title in last if Counter(last)[title] == most][-1]
        assert (found[item_id]["title"], found[item_id]["price"]) == (newest, sold[-1]["unit_price"])
        assert found[item_id]["is_recommendable"]


def test_what_was_never_sold_has_no_title_and_is_not_shown(spark):
    nothing_said = core_line(4, "UNNAMED", None)
    rows = [
        core_line(1, "LOST", "damages", line_type="adjustment"),
        core_line(2, "POST", "POSTAGE", line_type="charge"),
        nothing_said,
    ]
    found = known(spark, rows, [("UNNAMED", "JAR"), ("LOST", "damages")])
    facts = ("title", "price", "is_goods", "is_recommendable")
    assert {item_id: tuple(row[name] for name in facts) for item_id, row in found.items()} == {
        "LOST": (None, None, True, False),
        "POST": ("POSTAGE", Decimal(2), False, False),
        "UNNAMED": ("JAR", Decimal(2), True, True),  # taken in before lines kept what they call an item
    }
    assert not known(spark, [nothing_said])["UNNAMED"]["is_recommendable"], (
        "a card without a title is a hole in the page"
    )


def test_only_goods_are_returned(typed_by, retail_line):
    codes = {
        "85123A": "return",
        "D": "adjustment",
        "POST": "adjustment",
        "M": "adjustment",
        "gift_0001_20": "adjustment",
    }
    lines = [{k: str(v) for k, v in retail_line("C5", code, Quantity=-1).items()} for code in codes]
    rows = typed_by(online_retail.SOURCE, "lines", lines).select("reason", "line_type").collect()
    assert [tuple(row) for row in rows] == [(None, expected) for expected in codes.values()]


def test_a_correction_renames_nothing_in_any_order_of_nights(home, as_csv, retail_line):
    days = {
        WEDNESDAY: [
            retail_line("1", Description="WHITE LANTERN"),
            retail_line("2", Description="LANTERN WHITE"),
        ],
        THURSDAY: [
            retail_line("3", InvoiceDate=f"{THURSDAY} 09:00:00"),
            retail_line("C4", Quantity=-1, Description="WRONG"),
        ],
        FRIDAY: [
            retail_line(
                "5", Quantity=-3, UnitPrice="0", Description="damages", InvoiceDate=f"{FRIDAY} 09:00:00"
            )
        ],
    }
    catalogues = []
    for nights in (((WEDNESDAY, FRIDAY),), ((FRIDAY, FRIDAY), (WEDNESDAY, THURSDAY))):
        shop = home("online_retail", f"{len(nights)} nights")
        for first, last in nights:
            for day in days:
                if first <= day <= last:
                    shop.land(f"online_retail/lines/{day}/{day}.csv", as_csv(COLUMNS, days[day]))
            shop.night(first, last)
        catalogues.append(shop.rows("core_items"))
    assert catalogues[0] == catalogues[1]
    (lantern,) = catalogues[0]
    assert (lantern["title"], lantern["updated_at"].date().isoformat()) == ("WHITE LANTERN", FRIDAY)
