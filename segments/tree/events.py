"""Which events of a customer a rule looks at: types, filters and a window."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Value = bool | int | float | str
Comparison = Literal["=", "!=", "<", "<=", ">", ">="]
COMPARE: dict[Comparison, Callable[[object, object], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
EARTH_KM = 6371.0088  # mean radius (IUGG), of distances by great circle


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time. From `now`, days and longer count on the shop's calendar; between two events a day is
    24 hours, and months and years are not allowed.
    """

    number: int
    unit: Literal["second", "minute", "hour", "day", "week", "month", "year"]


@dataclass(frozen=True, slots=True)
class Within:
    """Events at `[now − start, now − end)`; `end` None is `now` itself."""

    start: Duration
    end: Duration | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """Events of one period of the shop's calendar: `ago` 0 is the one that `now` is in, up to `now`; 1 the
    whole one before it.
    """

    unit: Literal["day", "week", "month", "quarter", "year"]
    ago: int


Window = Within | Period | None  # None: ever, all before now


@dataclass(frozen=True, slots=True)
class Filter:
    """An attribute of an event compared with values; an attribute the event lacks satisfies none, but
    `is_known` false.

    Attributes:
        attribute: one of `segments.events.ATTRIBUTES`.
        op: a comparison with `values[0]`; `between` its two values, ends included; `in`, `not_in`; `under`: a
            category of one of these names or paths, or below it; `in_list`, `not_in_list`: of items, by the
            list's name; `is_known`: true or false.
    """

    attribute: str
    op: Literal[
        "=",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "between",
        "in",
        "not_in",
        "under",
        "in_list",
        "not_in_list",
        "is_known",
    ]
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Near:
    """Events with a place at most `km` kilometres from a point, by great circle."""

    km: float
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class LocalTime:
    """Events between two times of day on the visitor's own clock, `[start, end)`, in minutes of the day;
    past midnight where `end` is not after `start`.
    """

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class EventSet:
    """Events of one of the types (empty: any) that satisfy all filters and lie in the window."""

    types: tuple[str, ...]
    filters: tuple["Filter | Near | LocalTime", ...] = ()
    window: Window = None
