"""CSV exports as other people's programs write them: lone carriage returns, line ends inside quotes, no
header.
"""

from sample_shop.orders import HEADER
from sample_shop.planted_cases.records import (
    Day,
    ExtraFile,
    Fact,
    Line,
    Site,
    csv_record,
    due,
    order_line,
    person_line,
)

LONE_CR_FIRST, NO_HEADER_FIRST, NOTES_FIRST, EVERY = 3, 5, 6, 14
NO_HEADER_LINES = 3


def is_lone_cr(day: int) -> bool:
    """Whether the day's orders are exported with lone carriage returns as line ends, as Excel for Mac did."""
    return due(day, LONE_CR_FIRST, EVERY)


def plant(site: Site, day: Day) -> None:
    """The day's second files of orders, and a person whose address has two lines, the second of which
    looks like a record.
    """
    if is_lone_cr(site.day):
        order_id = f"CR{site.day:06d}"
        line = order_line(order_id, 1, site.at(11), site.item(3))
        day.lines["orders"].append(Line("lone_cr", order_id, line))
        day.facts.append(Fact("order_lines", order_id, {"quantities": [1]}))
    if due(site.day, NO_HEADER_FIRST, EVERY):
        ids = [f"NH{site.day:04d}{number:02d}" for number in range(NO_HEADER_LINES)]
        lines = [
            Line("no_header", one, order_line(one, 1, site.at(12), site.item(7)), "not_parseable")
            for one in ids
        ]
        day.files.append(ExtraFile("orders", "till_9.csv", b"", lines))
        day.facts += [Fact("order_lines", one, {"quantities": []}) for one in ids]
    if due(site.day, NOTES_FIRST, EVERY):
        notes(site, day)
    if site.day >= NOTES_FIRST:
        two_line_address(site, day)


def notes(site: Site, day: Day) -> None:
    """Orders taken by phone, exported with a column of notes; one note's second line looks like an order
    of 5,000.
    """
    real, phantom, other = (f"PH{site.day:04d}{number:02d}" for number in (1, 66, 2))
    row = order_line(phantom, 1, site.at(13), site.item(11), quantity="5000").decode()
    texts = {real: f"call before noon\n{row}\nthank you", other: 'says "ring twice"\r\nand waits'}
    lines = []
    for order_id, note in texts.items():
        line = order_line(order_id, 1, site.at(13), site.item(11), quantity="2", channel="store", note=note)
        lines.append(Line("quoted_line_end", order_id, line))
        day.facts.append(Fact("order_lines", order_id, {"quantities": [2]}))
    day.facts.append(Fact("order_lines", phantom, {"quantities": []}))
    day.files.append(ExtraFile("orders", "phone.csv", csv_record((*HEADER, "note")), lines))


def two_line_address(site: Site, day: Day) -> None:
    """A person whose address line has a line end; what follows it looks like another person's record."""
    real, phantom = (f"C{site.user(f'two lines {name}')}" for name in ("real", "phantom"))
    opening = Site(site.seed, NOTES_FIRST, site.items).at(8)
    row = person_line(phantom, opening, opening, email="nobody@example.org").decode()
    line = person_line(real, opening, opening, address_line=f"12 rue du Moulin\n{row}", city="Lille")
    day.lines["people"].append(Line("quoted_line_end", real, line))
    if site.day == NOTES_FIRST:
        day.facts += [
            Fact("person_exists", real, {"exists": True}),
            Fact("person_exists", phantom, {"exists": False}),
        ]
