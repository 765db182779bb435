"""Ids that a page never filled in, or of another kind than an id can be: whoever sends them, they are
nobody's.
"""

from typing import Any

from sample_shop.planted_cases.records import (
    ABSENT,
    Day,
    Fact,
    Line,
    Site,
    due,
    event_line,
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


def plant(site: Site, day: Day) -> None:
    """Visits with such a user id from browsers of their own, and such an anonymous id by customers who are
    logged in.
    """
    if not due(site.day, FIRST_DAY, EVERY):
        return
    for sent, n in USERS.items():
        for number in range(n):
            browser = site.browser(f"template {sent} {number} {site.day}")
            visit(site, day, sent, browser, number, browser=browser, user=sent)
            day.facts.append(Fact("own_browser", browser, {"sent": str(sent)}))
    for sent, n in BROWSERS.items():
        for number in range(n):
            user = site.user(f"template {sent} {number} {site.day}")
            visit(site, day, sent, user, number, browser=sent, user=user)
            day.facts.append(Fact("own_user", user, {"sent": str(sent)}))


def visit(site: Site, day: Day, sent: Any, key: str, number: int, **ids: Any) -> None:
    """Two views, the second without the bad id where it is the user's."""
    reason = "" if isinstance(sent, str) else WRONG_KIND
    kind = "template_id" if isinstance(sent, str) else "id_of_wrong_kind"
    at = site.at(10 + number / 4)
    day.lines["events"].append(Line(kind, key, event_line(site, f"{key} bad", at, **ids), reason))
    good = {name: ABSENT if value == sent else value for name, value in ids.items()}
    day.lines["events"].append(Line(kind, key, event_line(site, f"{key} good", at + 60_000, **good)))
