"""Sends events to the collector, with wrong clocks, waiting batches and repeats; decides the file of each."""

import numpy as np

from sample_shop.columns import Columns
from sample_shop.random_streams import create_random_stream, draw_by_weights
from sample_shop.shop_calendar import MS_PER_DAY, get_day_start_ms

LATE_VISITS = 0.02  # visits whose device had no network
# minutes, hours, days
_LATE_MS = (
    (300_000, 7_200_000),
    (7_200_000, 72_000_000),
    (86_400_000, 6 * 86_400_000),
)
_LATE_SHARES = (0.5, 0.3, 0.2)
REPEATED = {"duplicate_in_file": 0.004, "duplicate_after_25_hours": 0.0015, "duplicate_after_8_days": 0.001}
AGAIN_MS = {"duplicate_after_25_hours": 25 * 3_600_000, "duplicate_after_8_days": 8 * MS_PER_DAY}
LATE, SKEWED = 1, 2  # bits of `planted`; a repeat has its own bit
REPEAT_BIT = {name: 4 << k for k, name in enumerate(REPEATED)}


def send_events(seed: int, day: int, events: Columns, device: np.ndarray, devices: Columns) -> Columns:
    """What the collector receives: every event once, some twice.

    Args:
        events: as `visit_events.draw_events` returns them.
        device: (n_visits,) device row of each visit of the day.

    Returns:
        The events' columns, and message_id (S32), original_ms and sent_ms by the client's clock, received_ms
        by the collector's, has_timestamp, landing (day number of the file), planted (bits). Repeats stand at
        the end.
    """
    rng, n = create_random_stream(seed, "delivery", day), len(events)
    late = rng.random(len(device)) < LATE_VISITS
    span = np.array(_LATE_MS)[draw_by_weights(rng, _LATE_SHARES, len(device))]
    waited = np.where(late, span[:, 0] + rng.random(len(device)) * (span[:, 1] - span[:, 0]), 0).astype(
        np.int64
    )
    batch = rng.integers(0, 5000, n) + waited[events.visit]
    network = rng.integers(50, 900, n)
    skew = devices.skew_ms[device[events.visit]]
    received = events.at_ms + batch + network
    landing = (received - get_day_start_ms(0)) // MS_PER_DAY
    arrays = dict(
        events.arrays,
        message_id=np.frombuffer(rng.bytes(16 * n).hex().encode(), dtype="S32"),
        original_ms=events.at_ms + skew,
        sent_ms=events.at_ms + skew + batch,
        received_ms=received,
        has_timestamp=~devices.is_old[device[events.visit]],
        landing=landing,
        planted=np.where(landing > day, LATE, 0) | np.where(skew != 0, SKEWED, 0),
    )
    first = Columns(**arrays)
    draw, again = rng.random(n), [first]
    edges = np.cumsum([0.0, *REPEATED.values()])
    for k, name in enumerate(REPEATED):
        rows = np.flatnonzero((draw >= edges[k]) & (draw < edges[k + 1]) & (waited[events.visit] == 0))
        repeat = first.take(rows)
        wait = AGAIN_MS.get(name, 0) + (rng.integers(1000, 40_000, len(rows)) if name not in AGAIN_MS else 0)
        repeat.arrays["sent_ms"] = repeat.sent_ms + wait
        repeat.arrays["received_ms"] = repeat.received_ms + wait
        repeat.arrays["landing"] = (repeat.received_ms - get_day_start_ms(0)) // MS_PER_DAY
        repeat.arrays["planted"] = np.full(len(rows), REPEAT_BIT[name]) | (repeat.planted & SKEWED)
        again.append(repeat)
    return Columns(**{name: np.concatenate([part.arrays[name] for part in again]) for name in arrays})
