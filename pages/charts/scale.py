"""Axes: round numbers that a reader knows, and where on the drawing they lie."""

import math
from collections.abc import Sequence

LETTER = 6.6  # units of width of a letter of an axis, about
STEPS = (1, 2, 2.5, 5, 10)
# of axes whose steps are at least as large: the unit's size and name
UNITS = ((1e6, 1e6, "M"), (5e3, 1e3, "k"))


def choose_ticks(low: float, high: float, n_wanted: int = 4) -> list[float]:
    """Round numbers that enclose low and high, evenly apart: at least two, about `n_wanted` steps."""
    if high <= low:
        high = low + (abs(low) or 1.0)
    rough = (high - low) / n_wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(size * power for size in STEPS if size * power >= rough * 0.999999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def format_tick(value: float, step: float) -> str:
    """A number of an axis with as many digits as its neighbours need: `0.25`, `1,500`, `20k`, `3M`."""
    divisor, unit = next(((size, unit) for least, size, unit in UNITS if step >= least), (1.0, ""))
    digits = len(f"{step / divisor:.6f}".rstrip("0").partition(".")[2])
    return f"{value / divisor:,.{digits}f}{unit}" if value else "0"


def place(value: float, domain: tuple[float, float], out: tuple[float, float]) -> float:
    """Where a value of the domain lies on the drawing, to a tenth of a unit."""
    (low, high), (start, end) = domain, out
    share = (value - low) / (high - low) if high > low else 0.0
    return round(start + share * (end - start), 1)


def choose_labels(labels: Sequence[str], width: float, most: int = 4) -> list[int]:
    """Which of the labels of an axis are written: the first, the last and some evenly between, as many as
    its width has room for.
    """
    n = len(labels)
    room = int(width / (max(map(len, labels), default=1) * LETTER + 12))
    most = max(1, min(most, room))
    if n <= most:
        return list(range(n))
    if most == 1:
        return [n - 1]
    gap = (n - 1) / (most - 1)
    return sorted({round(number * gap) for number in range(most)})
