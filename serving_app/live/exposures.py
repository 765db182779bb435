"""Which items were shown to a visitor, and when: bounded, and in any order of arrival the same."""

from collections.abc import Iterable, Mapping

from serving_app.live.packing import pack, unpack
from serving_app.live.state import Exposure
from serving_app.live.timestamps import to_moment

MOST_TIMES = 10  # an item; whoever has seen it so often is tired of it
MOST_ITEMS = 200
OLDEST = 14 * 24 * 3600 * 1_000_000  # microseconds; counted from the latest list

ExposureTimes = Mapping[str, tuple[int, ...]]  # by item, microseconds since 1970, oldest first
NOTHING_SHOWN: ExposureTimes = {}


def add_exposures(times: ExposureTimes, item_ids: Iterable[str], shown_at: int) -> ExposureTimes:
    """The times with one more served list."""
    return merge_exposures(times, dict.fromkeys(item_ids, (shown_at,)))


def merge_exposures(one: ExposureTimes, other: ExposureTimes) -> ExposureTimes:
    """The times of two that are one visitor's; of the items those shown last."""
    merged = dict(one)
    for item_id, times in other.items():
        merged[item_id] = tuple(sorted({*merged.get(item_id, ()), *times}))[-MOST_TIMES:]
    latest = max((times[-1] for times in merged.values()), default=0)
    recent = [
        (item_id, tuple(time for time in times if time >= latest - OLDEST))
        for item_id, times in merged.items()
        if times[-1] >= latest - OLDEST
    ]
    recent.sort(key=lambda entry: (-entry[1][-1], entry[0]))
    return dict(recent[:MOST_ITEMS])


def count_exposures(times: ExposureTimes, touched_at: Mapping[str, int]) -> dict[str, Exposure]:
    """How often each item was shown since the visitor last touched it.

    Args:
        touched_at: by item, when it was last viewed, clicked, carted or bought.
    """
    counted = {}
    for item_id, shown in times.items():
        touched = touched_at.get(item_id, 0)
        n_shown = sum(time > touched for time in shown)
        if n_shown:
            counted[item_id] = Exposure(n_shown, to_moment(shown[-1]))
    return counted


def pack_exposures(times: ExposureTimes) -> bytes:
    """The times as bytes."""
    return pack(times)


def unpack_exposures(packed: bytes) -> ExposureTimes:
    """The times that `pack_exposures` made these bytes of.

    Raises:
        ValueError: these are not the bytes of any.
    """
    try:
        times = unpack(packed)
        return {item_id: tuple(shown) for item_id, shown in times.items()}
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError("not the exposures of a visitor") from error
