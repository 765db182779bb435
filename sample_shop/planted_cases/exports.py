"""CSV exports as other people's programs write them: lone carriage returns, line ends inside quotes, no
header.
"""

from sample_shop.orders import ORDERS_HEADER
from sample_shop.planted_cases.records import (
    ExpectedFact,
    ExtraFile,
    PlantedDay,
    PlantedLine,
    PlantingSite,
    format_csv_record,
    format_order_line,
    format_person_record,
    is_due,
)

LONE_CR_FIRST, NO_HEADER_FIRST, NOTES_FIRST, EVERY = 3, 5, 6, 14
NO_HEADER_LINES = 3


def is_lone_cr_day(day: int) -> bool:
    """Whether the day's orders are exported with lone carriage returns as line ends, as Excel for Mac did."""
    return is_due(day, LONE_CR_FIRST, EVERY)


def add_cases(site: PlantingSite, day: PlantedDay) -> None:
    """The day's second files of orders, and a person whose address has two lines, the second of which
    looks like a record.
    """
    if is_lone_cr_day(site.day):
        order_id = f"CR{site.day:06d}"
        line = format_order_line(order_id, 1, site.moment_ms(11), site.pick_item(3))
        day.lines["orders"].append(PlantedLine("lone_cr", order_id, line))
        day.facts.append(ExpectedFact("order_lines", order_id, {"quantities": [1]}))
    if is_due(site.day, NO_HEADER_FIRST, EVERY):
        ids = [f"NH{site.day:04d}{number:02d}" for number in range(NO_HEADER_LINES)]
        lines = [
            PlantedLine(
                "no_header",
                one,
                format_order_line(one, 1, site.moment_ms(12), site.pick_item(7)),
                "not_parseable",
            )
            for one in ids
        ]
        day.files.append(ExtraFile("orders", "till_9.csv", b"", lines))
        day.facts += [ExpectedFact("order_lines", one, {"quantities": []}) for one in ids]
    if is_due(site.day, NOTES_FIRST, EVERY):
        add_phone_orders(site, day)
    if site.day >= NOTES_FIRST:
        add_two_line_address(site, day)


def add_phone_orders(site: PlantingSite, day: PlantedDay) -> None:
    """Orders taken by phone, exported with a column of notes; one note's second line looks like an order
    of 5,000.
    """
    real, phantom, other = (f"PH{site.day:04d}{number:02d}" for number in (1, 66, 2))
    row = format_order_line(phantom, 1, site.moment_ms(13), site.pick_item(11), quantity="5000").decode()
    texts = {real: f"call before noon\n{row}\nthank you", other: 'says "ring twice"\r\nand waits'}
    lines = []
    for order_id, note in texts.items():
        line = format_order_line(
            order_id, 1, site.moment_ms(13), site.pick_item(11), quantity="2", channel="store", note=note
        )
        lines.append(PlantedLine("quoted_line_end", order_id, line))
        day.facts.append(ExpectedFact("order_lines", order_id, {"quantities": [2]}))
    day.facts.append(ExpectedFact("order_lines", phantom, {"quantities": []}))
    day.files.append(ExtraFile("orders", "phone.csv", format_csv_record((*ORDERS_HEADER, "note")), lines))


def add_two_line_address(site: PlantingSite, day: PlantedDay) -> None:
    """A person whose address line has a line end; what follows it looks like another person's record."""
    real, phantom = (f"C{site.make_user_id(f'two lines {name}')}" for name in ("real", "phantom"))
    opening = PlantingSite(site.seed, NOTES_FIRST, site.items).moment_ms(8)
    row = format_person_record(phantom, opening, opening, email="nobody@example.org").decode()
    line = format_person_record(real, opening, opening, address_line=f"12 rue du Moulin\n{row}", city="Lille")
    day.lines["people"].append(PlantedLine("quoted_line_end", real, line))
    if site.day == NOTES_FIRST:
        day.facts += [
            ExpectedFact("person_exists", real, {"exists": True}),
            ExpectedFact("person_exists", phantom, {"exists": False}),
        ]
