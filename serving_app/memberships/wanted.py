"""The segments that a customer of a night is to be in, and since when."""

from collections.abc import Iterable

from expectations.contracts.live_segments import SegmentBase
from expectations.contracts.snapshot import CustomerSlice
from serving_app.memberships.night import NO_BASE, LiveNight
from serving_app.memberships.record import NO_RECORD, OwnerRecord


def list_wanted(night: LiveNight, owner: str, record: OwnerRecord) -> dict[str, int]:
    """The segments of a customer of the night, since when each; live ones as they stand."""
    if record.is_moved:
        return {}
    profile, base = night.snapshot.read_customer(owner), night.read_base(owner)
    by_night = {name: find_since(night, base, name) for name in list_names(profile)}
    if base is None or record.is_denied:
        return {
            name: since for name, since in by_night.items() if base is None or name not in night.live.live
        }
    members = base.members if record == NO_RECORD else record.standing.members
    return {name: since for name, since in by_night.items() if name not in night.live.live} | dict(members)


def list_names(profile: CustomerSlice | None) -> Iterable[str]:
    """All segments of a customer, that of the RFM grid among them."""
    if profile is None:
        return ()
    return dict.fromkeys([*profile.segment_ids, *([profile.rfm_segment] if profile.rfm_segment else [])])


def find_since(night: LiveNight, base: SegmentBase | None, name: str) -> int:
    """Since when the night has somebody in a segment."""
    return (base or NO_BASE).others.get(name) or (base or NO_BASE).members.get(name) or night.end + 1
