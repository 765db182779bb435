"""All plants of a landing day."""

from sample_shop.planted_cases import (
    absence,
    consent,
    exports,
    hostile,
    money,
    spellings,
    templates,
)
from sample_shop.planted_cases.records import Day, Site

SUBJECTS = (consent, absence, exports, hostile, money, templates, spellings)


def planted(site: Site) -> Day:
    """What is planted in the files that land on the site's day: a function of seed, day and the shelf, and
    of no random draw.
    """
    day = Day()
    for subject in SUBJECTS:
        subject.plant(site, day)
    return day
