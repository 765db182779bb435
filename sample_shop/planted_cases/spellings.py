"""One id in two spellings: composed or decomposed accents, a byte-order mark in mid-file, `0044…` for
`+44…`, `UK` for `GB`.
"""

import unicodedata

from sample_shop.planted_cases.records import (
    ExpectedFact,
    PlantedDay,
    PlantedLine,
    PlantingSite,
    format_order_line,
    format_person_record,
    is_due,
)

FIRST_DAY, EVERY = 2, 14
BYTE_ORDER_MARK = "\ufeff".encode()


def add_cases(site: PlantingSite, day: PlantedDay) -> None:
    """From the first day on two cards of one phone and one whose e-mail an order spells otherwise; every
    two weeks an order behind a byte-order mark, where one file was put behind another.
    """
    if site.day < FIRST_DAY:
        return
    opening, number = (
        PlantingSite(site.seed, FIRST_DAY, site.items).moment_ms(8),
        2_079_460_000 + site.seed % 1000,
    )
    email = unicodedata.normalize("NFC", f"zoë.núñez{site.seed}@example.org")
    cards = {
        "plus": {"phone": f"+44 {number}", "country": "GB"},
        "zeros": {"phone": f"0044 {number}", "country": "GB"},
        "old_code": {"phone": f"0{number}", "country": "UK"},
        "composed": {"email": email},
    }
    ids = {name: f"C{site.make_user_id(f'spelling {name}')}" for name in cards}
    for name, fields in cards.items():
        line = format_person_record(ids[name], opening, opening, **fields)
        day.lines["people"].append(PlantedLine(f"spelling_{name}", ids[name], line))
    if is_due(site.day, FIRST_DAY, EVERY):
        apart, marked = f"NF{site.day:06d}", f"BM{site.day:06d}"
        line = format_order_line(
            apart, 1, site.moment_ms(14), site.pick_item(5), email=unicodedata.normalize("NFD", email)
        )
        day.lines["orders"].append(PlantedLine("spelling_decomposed", apart, line))
        lines = [
            format_order_line(marked, line_no, site.moment_ms(14), site.pick_item(line_no))
            for line_no in (1, 2)
        ]
        contents = [BYTE_ORDER_MARK + lines[0], lines[1]]
        day.lines["orders"] += [PlantedLine("mark_in_mid_file", marked, content) for content in contents]
        day.facts.append(ExpectedFact("order_lines", marked, {"quantities": [1, 1]}))
        day.facts.append(ExpectedFact("order_email", apart, {"card": ids["composed"]}))
    if site.day == FIRST_DAY:
        day.facts.append(ExpectedFact("one_phone", ids["plus"], {"cards": [ids["zeros"], ids["old_code"]]}))
