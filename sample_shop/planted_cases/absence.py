"""Whole files that lack rows: an item and a person that vanish, one of each that comes back, and a
catalogue that is cut.
"""

from sample_shop.planted_cases.records import (
    EventVisitor,
    ExpectedFact,
    PlantedDay,
    PlantedLine,
    PlantingSite,
    format_catalogue_item,
    format_event,
    format_person_record,
    is_due,
)

# Name → the days, counted from the opening, on which the night's whole file lacks it; the last number is
# where it comes back.
ABSENCES = {"stays": range(0), "vanishes": range(4, 1 << 30), "comes_back": range(4, 6)}
VIEWED_ON = range(3)
VIEWS = 6
CUT_FIRST, CUT_EVERY, CUT_TO = 7, 28, 0.65  # a whole file that lost more than 30 % of its rows is to be held


def make_item_id(site: PlantingSite, name: str) -> str:
    """The id of the planted item of that name."""
    return f"SKU-PLANT-{name.replace('_', '-').upper()}-{site.seed}"


def make_crm_id(site: PlantingSite, name: str) -> str:
    """The card number of the planted person of that name."""
    return f"C{site.make_user_id(f'absence {name}')}"


def add_cases(site: PlantingSite, day: PlantedDay) -> None:
    """The night's rows of the planted items and people, their views while they are new, and who has ended."""
    opening = PlantingSite(site.seed, 0, site.items).moment_ms(8)
    for number, (name, absent) in enumerate(ABSENCES.items()):
        item, user = make_item_id(site, name), site.make_user_id(f"absence {name}")
        if site.day not in absent:
            line = format_catalogue_item(
                item, opening + number, title=f"Planted Oil That {name.replace('_', ' ').title()}"
            )
            day.lines["catalogue"].append(PlantedLine(f"item_{name}", item, line))
            line = format_person_record(
                make_crm_id(site, name), opening, opening, user_id=user, email=f"{user}@example.org"
            )
            day.lines["people"].append(PlantedLine(f"person_{name}", make_crm_id(site, name), line))
        if site.day in VIEWED_ON:
            for view in range(VIEWS):
                case, at = f"absence {name} {view}", site.moment_ms(9 + view / 4)
                visitor = EventVisitor(browser=site.make_anonymous_id(case))
                seen = format_event(site, case, at, visitor, product_id=item, price=9.5)
                day.lines["events"].append(PlantedLine(f"item_{name}", item, seen))
            case = f"absence own {name}"
            own = format_event(
                site, case, site.moment_ms(12), EventVisitor(site.make_anonymous_id(case), user)
            )
            day.lines["events"].append(PlantedLine(f"person_{name}", user, own))
        if site.day in (0, absent.start, absent.stop):
            ended = site.day in absent
            day.facts.append(ExpectedFact("item_ended", item, {"is_ended": ended}))
            day.facts.append(
                ExpectedFact("person_ended", make_crm_id(site, name), {"is_ended": ended, "user_id": user})
            )


def truncate_catalogue(day: int, catalogue: list[bytes]) -> list[bytes]:
    """The catalogue's lines as that night's file holds them: on some nights the file broke off."""
    return catalogue[: int(len(catalogue) * CUT_TO)] if is_due(day, CUT_FIRST, CUT_EVERY) else catalogue
