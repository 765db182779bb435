"""One id in two spellings: composed or decomposed accents, a byte-order mark in mid-file, `0044…` for
`+44…`, `UK` for `GB`.
"""

import unicodedata

from sample_shop.planted_cases.records import (
    Day,
    Fact,
    Line,
    Site,
    due,
    order_line,
    person_line,
)

FIRST_DAY, EVERY = 2, 14
BYTE_ORDER_MARK = "\ufeff".encode()


def plant(site: Site, day: Day) -> None:
    """From the first day on two cards of one phone and one whose e-mail an order spells otherwise; every
    two weeks an order behind a byte-order mark, where one file was put behind another.
    """
    if site.day < FIRST_DAY:
        return
    opening, number = Site(site.seed, FIRST_DAY, site.items).at(8), 2_079_460_000 + site.seed % 1000
    email = unicodedata.normalize("NFC", f"zoë.núñez{site.seed}@example.org")
    cards = {
        "plus": {"phone": f"+44 {number}", "country": "GB"},
        "zeros": {"phone": f"0044 {number}", "country": "GB"},
        "old_code": {"phone": f"0{number}", "country": "UK"},
        "composed": {"email": email},
    }
    ids = {name: f"C{site.user(f'spelling {name}')}" for name in cards}
    for name, fields in cards.items():
        line = person_line(ids[name], opening, opening, **fields)
        day.lines["people"].append(Line(f"spelling_{name}", ids[name], line))
    if due(site.day, FIRST_DAY, EVERY):
        apart, marked = f"NF{site.day:06d}", f"BM{site.day:06d}"
        line = order_line(apart, 1, site.at(14), site.item(5), email=unicodedata.normalize("NFD", email))
        day.lines["orders"].append(Line("spelling_decomposed", apart, line))
        lines = [order_line(marked, line_no, site.at(14), site.item(line_no)) for line_no in (1, 2)]
        contents = [BYTE_ORDER_MARK + lines[0], lines[1]]
        day.lines["orders"] += [Line("mark_in_mid_file", marked, content) for content in contents]
        day.facts.append(Fact("order_lines", marked, {"quantities": [1, 1]}))
        day.facts.append(Fact("order_email", apart, {"card": ids["composed"]}))
    if site.day == FIRST_DAY:
        day.facts.append(Fact("one_phone", ids["plus"], {"cards": [ids["zeros"], ids["old_code"]]}))
