"""All planted cases of a landing day."""

from sample_shop.planted_cases import (
    absence,
    consent,
    exports,
    hostile,
    money,
    spellings,
    templates,
)
from sample_shop.planted_cases.records import PlantedDay, PlantingSite

SUBJECTS = (consent, absence, exports, hostile, money, templates, spellings)


def collect_cases(site: PlantingSite) -> PlantedDay:
    """What is planted in the files that land on the site's day: a function of seed, day and the shelf, and
    of no random draw.
    """
    day = PlantedDay()
    for subject in SUBJECTS:
        subject.add_cases(site, day)
    return day
