"""Whole files that lack rows: an item and a person that vanish, one of each that comes back, and a
catalogue that is cut.
"""

from sample_shop.planted_cases.records import (
    Day,
    Fact,
    Line,
    Site,
    due,
    event_line,
    item_line,
    person_line,
)

# Name → the days, counted from the opening, on which the night's whole file lacks it; the last number is
# where it comes back.
ABSENCES = {"stays": range(0), "vanishes": range(4, 1 << 30), "comes_back": range(4, 6)}
VIEWED_ON = range(3)
VIEWS = 6
CUT_FIRST, CUT_EVERY, CUT_TO = 7, 28, 0.65  # a whole file that lost more than 30 % of its rows is to be held


def item_id(site: Site, name: str) -> str:
    """The id of the planted item of that name."""
    return f"SKU-PLANT-{name.replace('_', '-').upper()}-{site.seed}"


def card_id(site: Site, name: str) -> str:
    """The card number of the planted person of that name."""
    return f"C{site.user(f'absence {name}')}"


def plant(site: Site, day: Day) -> None:
    """The night's rows of the planted items and people, their views while they are new, and who has ended."""
    opening = Site(site.seed, 0, site.items).at(8)
    for number, (name, absent) in enumerate(ABSENCES.items()):
        item, user = item_id(site, name), site.user(f"absence {name}")
        if site.day not in absent:
            line = item_line(
                item, opening + number, title=f"Planted Oil That {name.replace('_', ' ').title()}"
            )
            day.lines["catalogue"].append(Line(f"item_{name}", item, line))
            line = person_line(
                card_id(site, name), opening, opening, user_id=user, email=f"{user}@example.org"
            )
            day.lines["people"].append(Line(f"person_{name}", card_id(site, name), line))
        if site.day in VIEWED_ON:
            for view in range(VIEWS):
                at, browser = site.at(9 + view / 4), site.browser(f"absence {name} {view}")
                seen = event_line(
                    site, f"absence {name} {view}", at, browser=browser, product_id=item, price=9.5
                )
                day.lines["events"].append(Line(f"item_{name}", item, seen))
            own = event_line(
                site,
                f"absence own {name}",
                site.at(12),
                browser=site.browser(f"absence own {name}"),
                user=user,
            )
            day.lines["events"].append(Line(f"person_{name}", user, own))
        if site.day in (0, absent.start, absent.stop):
            ended = site.day in absent
            day.facts.append(Fact("item_ended", item, {"is_ended": ended}))
            day.facts.append(Fact("person_ended", card_id(site, name), {"is_ended": ended, "user_id": user}))


def cut(day: int, catalogue: list[bytes]) -> list[bytes]:
    """The catalogue's lines as that night's file holds them: on some nights the file broke off."""
    return catalogue[: int(len(catalogue) * CUT_TO)] if due(day, CUT_FIRST, CUT_EVERY) else catalogue
