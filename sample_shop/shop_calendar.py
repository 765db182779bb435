"""The shop's calendar: day numbers, weekly rhythm, seasons and hours of the day."""

from datetime import date, timedelta

import numpy as np

from sample_shop.random_streams import draw_by_weights

OPENING_DAY = date(2026, 1, 5)  # a Monday
MS_PER_DAY = 86_400_000
# Where the shop stands. Martinique counts in euros, is four hours behind UTC all year, and so its evening,
# when people buy most, is the next day in UTC: whatever takes a day from a UTC time is wrong by one there.
TIME_ZONE, UTC_OFFSET_MS = "America/Martinique", -4 * 3_600_000

_WEEKDAY = np.array([0.92, 0.90, 0.94, 0.98, 1.06, 1.18, 1.02])
# visits begin before 23:00
_HOURS = (
    2,
    1,
    1,
    0.5,
    0.5,
    1,
    2,
    4,
    6,
    7,
    8,
    8,
    9,
    8,
    7,
    7,
    8,
    9,
    10,
    12,
    13,
    11,
    6,
)


def get_day_number(day: date) -> int:
    """Days since the opening day, which is 0."""
    return (day - OPENING_DAY).days


def calendar_date(number: int) -> date:
    """The calendar day of a day number."""
    return OPENING_DAY + timedelta(days=int(number))


def get_day_start_ms(number: int) -> int:
    """The moment at which the shop's day begins, midnight of its own clock, in milliseconds since 1970."""
    return ((OPENING_DAY - date(1970, 1, 1)).days + int(number)) * MS_PER_DAY - UTC_OFFSET_MS


def format_utc(ms: int) -> str:
    """A moment as exports write it: `2026-01-05T12:15:30Z`."""
    return f"{np.datetime64(int(ms), 'ms').astype('datetime64[s]')}Z"


def compute_traffic_factor(number: int) -> float:
    """How busy a day is, about 1 on average: weekday times season times the days round pay day."""
    day = calendar_date(number)
    season = 1 + 0.12 * np.cos(2 * np.pi * (day.timetuple().tm_yday - 340) / 365)
    pay_day = 1.08 if day.day >= 28 or day.day <= 2 else 1.0
    return float(_WEEKDAY[day.weekday()] * season * pay_day)


def compute_season_effect(amplitude: np.ndarray, peak_day: np.ndarray, number: int) -> np.ndarray:
    """How much more (log scale) each category is wanted on a day."""
    of_year = calendar_date(number).timetuple().tm_yday
    return amplitude * np.cos(2 * np.pi * (of_year - peak_day) / 365)


def draw_times_of_day(rng: np.random.Generator, n: int) -> np.ndarray:
    """`n` moments of a day in milliseconds after midnight, by the hours people shop at."""
    return draw_by_weights(rng, _HOURS, n) * 3_600_000 + rng.integers(0, 3_600_000, n)
