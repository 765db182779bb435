"""The segments that a customer of a night is to be in, and since when."""

from segments.told import list_night_members
from serving_app.memberships.night import LiveNight
from serving_app.memberships.record import NO_RECORD, OwnerRecord


def list_wanted(night: LiveNight, owner: str, record: OwnerRecord) -> dict[str, int]:
    """The segments of a customer of the night, since when each; live ones as they stand."""
    if record.is_moved:
        return {}
    base = night.read_base(owner)
    by_night = list_night_members(night.snapshot.read_customer(owner), base, night.end)
    if base is None or record.is_denied:
        return {
            name: since for name, since in by_night.items() if base is None or name not in night.live.live
        }
    members = base.members if record == NO_RECORD else record.standing.members
    return {name: since for name, since in by_night.items() if name not in night.live.live} | dict(members)
