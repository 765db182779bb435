"""What the service's own functions make of lines, each at the moment of its receipt."""

from collections import defaultdict

from expectations.contracts.identifiers import hash_identifier
from segments.events import Event
from segments.standing import Turn, pass_time, take_event
from serving_app.intake.logged_events import parse_record
from serving_app.live.timestamps import to_microseconds
from serving_app.memberships.behaviour import list_segment_events
from serving_app.memberships.night import LiveNight
from serving_app.memberships.record import NO_RECORD


class ServiceTown:
    """Owners who do something.

    Attributes:
        turns: of each owner.
        events: of each owner, by id, as they came.
    """

    def __init__(self, night: LiveNight, key: str) -> None:
        self._night, self._key, self._opened = night, key, {}
        self.turns: dict[str, list[Turn]] = defaultdict(list)
        self.events: dict[str, dict[str, Event]] = defaultdict(dict)

    def take(self, record: dict) -> None:
        """Take in a line of the log."""
        night = self._night
        event = parse_record(record, night.snapshot)
        ids = [("user_id", event.user_id), ("anonymous_id", event.anonymous_id)]
        root = next(hash_identifier(self._key, kind, event.source, value) for kind, value in ids if value)
        owner = night.snapshot.find_customer_id(root) or root
        if owner not in self._opened:
            self._opened[owner] = night.open(owner, NO_RECORD)[:3]
        state, context, standing = self._opened[owner]
        for each in list_segment_events(event, night.snapshot, night.calendar):
            self.events[owner].setdefault(each.event_id, each)
            now = max(to_microseconds(event.received_at), standing.decided_at)
            standing, turned = take_event(night.live, state, context, standing, each, now)
            self.turns[owner] += turned
        self._opened[owner] = state, context, standing

    def list_members(self, moment: int) -> set[tuple[str, str]]:
        """Who is a member of what, once time has passed up to a moment."""
        members = set()
        for owner, (state, context, standing) in self._opened.items():
            standing, turned = pass_time(self._night.live, state, context, standing, moment)
            self._opened[owner] = state, context, standing
            self.turns[owner] += turned
            members |= {(owner, name) for name in standing.members}
        return members


def decide_in_service(night: LiveNight, lines: list[dict], key: str) -> dict[str, list[Turn]]:
    """The turns of each owner."""
    town = ServiceTown(night, key)
    for record in lines:
        town.take(record)
    return town.turns
