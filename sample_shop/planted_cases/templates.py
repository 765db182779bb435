"""Ids that a page never filled in, or of another kind than an id can be: whoever sends them, they are
nobody's.
"""

from typing import Any

from sample_shop.planted_cases.records import (
    ABSENT,
    EventVisitor,
    ExpectedFact,
    PlantedDay,
    PlantedLine,
    PlantingSite,
    format_event,
    is_due,
)

FIRST_DAY, EVERY = 1, 28
# userId sent → browsers that send it.
USERS: dict[Any, int] = {
    True: 15,
    "{{customer.id}}": 15,
    "undefined": 5,
    "%%user%%": 5,
    "${id}": 5,
    "<user_id>": 3,
    "[object Object]": 3,
    1.5: 2,
}
BROWSERS: dict[Any, int] = {True: 5, "{{visitor.id}}": 5, "${cid}": 3}
WRONG_KIND = "bad_id"


def add_cases(site: PlantingSite, day: PlantedDay) -> None:
    """Visits with such a user id from browsers of their own, and such an anonymous id by customers who are
    logged in.
    """
    if not is_due(site.day, FIRST_DAY, EVERY):
        return
    for sent, n in USERS.items():
        for number in range(n):
            browser = site.make_anonymous_id(f"template {sent} {number} {site.day}")
            add_visit(site, day, sent, number, EventVisitor(browser, sent), key=browser)
            day.facts.append(ExpectedFact("own_browser", browser, {"sent": str(sent)}))
    for sent, n in BROWSERS.items():
        for number in range(n):
            user = site.make_user_id(f"template {sent} {number} {site.day}")
            add_visit(site, day, sent, number, EventVisitor(sent, user), key=user)
            day.facts.append(ExpectedFact("own_user", user, {"sent": str(sent)}))


def add_visit(
    site: PlantingSite, day: PlantedDay, sent: Any, number: int, visitor: EventVisitor, key: str
) -> None:
    """Two views, the second without the bad id where it is the user's."""
    reason = "" if isinstance(sent, str) else WRONG_KIND
    kind = "template_id" if isinstance(sent, str) else "id_of_wrong_kind"
    at = site.moment_ms(10 + number / 4)
    day.lines["events"].append(PlantedLine(kind, key, format_event(site, f"{key} bad", at, visitor), reason))
    good = EventVisitor(*(ABSENT if value == sent else value for value in (visitor.browser, visitor.user)))
    day.lines["events"].append(PlantedLine(kind, key, format_event(site, f"{key} good", at + 60_000, good)))
