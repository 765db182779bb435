"""A customer's timeline: of the published night, and of what happened since. Nobody has one who may not be
named.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from heapq import nlargest
from itertools import islice
from typing import Any

from expectations.contracts.home import HomePaths
from serving_app.http.problems import NotReady, UnknownCustomer
from serving_app.http.responses import format_utc
from serving_app.live.state import LiveState
from serving_app.overrides.store import OverridesOutOfReach
from serving_app.segments.definitions import Definitions
from serving_app.segments.naming import NamingRules
from serving_app.segments.warehouse import Night, SegmentWarehouse
from serving_app.storage.shop_calendar import ShopCalendar
from serving_app.storage.snapshots import Snapshot
from serving_app.stores import Stores
from serving_app.timelines.entries import (
    EVENT,
    KINDS,
    LIST,
    OVERRIDE,
    SEGMENT,
    Entry,
    Page,
    decode_place,
    encode_place,
    merge_entries,
)
from serving_app.timelines.landed import add_overrides
from serving_app.timelines.night import read_night_entries
from serving_app.timelines.override_changes import MOST_CHANGES, list_override_changes, make_concern
from serving_app.timelines.schemas import TimelineQuery
from serving_app.timelines.sentences import write_sentence
from serving_app.timelines.since import (
    find_clicks,
    find_lists,
    find_told,
    find_turns,
    list_live_events,
    list_served,
    list_turns,
    mark_clicked,
)
from serving_app.visitors.keys import VisitorKeys
from serving_app.visitors.service import VisitorResolver

NOBODY = "No customer has this id, or none who may be named."
BEHAVIOUR = (EVENT, LIST)  # what is not shown of who has said no to analytics since the night


@dataclass(frozen=True)
class Subject:
    """Whose timeline is asked for, and what it is read from; `lag` is that of the shop's calendar."""

    customer_id: str
    live: LiveState
    snapshot: Snapshot
    night: Night
    now: datetime
    lag: timedelta


class TimelineService:
    """Reads timelines; answers are dicts as in `TimelineAnswer`."""

    def __init__(
        self,
        stores: Stores,
        warehouse: SegmentWarehouse,
        visitors: VisitorResolver,
        paths: HomePaths,
        clock: Callable[[], datetime],
        elsewhere: Collection[str] = (),
    ) -> None:
        """
        Args:
            elsewhere: of `event_log` and `transitions` what is in topics, and in no files of the home.
        """
        self._stores, self._warehouse, self._visitors = stores, warehouse, visitors
        self._paths, self._clock = paths, clock
        self._elsewhere = frozenset(elsewhere)
        self._naming = NamingRules(stores.snapshots, stores.restrictions)
        self._calendar = ShopCalendar(paths.root, stores.snapshots)
        self._definitions = Definitions(paths.root)

    def read(self, customer_id: str, query: TimelineQuery) -> dict:
        """A page of the timeline of whom a customer id of any age stands for now.

        Raises:
            UnknownCustomer: nobody has this id, or nobody who may be named.
            BadRequest: the cursor is none.
            NotReady, SegmentsBusy, TooLargeToAnswer: by `SegmentWarehouse.open_night`.
        """
        snapshot = self._stores.snapshots.get_current()
        if snapshot is None:
            raise NotReady(self._stores.snapshots.describe_problem())
        current_id = self._visitors.resolve_customer_id(customer_id, snapshot)
        if current_id is None:
            raise UnknownCustomer(NOBODY)
        visitor = VisitorKeys((), current_id)
        live = self._stores.live.read(visitor, snapshot.meta.get_absorbed_date())
        with self._warehouse.open_night(snapshot.meta.time_zone) as night:
            is_named = self._naming.select(night, [current_id])
            if not is_named or live.has_personalization_consent is False:
                raise UnknownCustomer(NOBODY)
            now = self._clock()
            subject = Subject(current_id, live, snapshot, night, now, self._calendar.find_lag(now))
            return self._answer(subject, make_page(query, live))

    def find_now(self) -> datetime:
        """This moment in the shop's own calendar, in which all entries stand."""
        now = self._clock()
        return now - self._calendar.find_lag(now)

    def _answer(self, subject: Subject, page: Page) -> dict:
        unread: set[str] = set() if subject.live.is_read else {"live"}
        night, snapshot, customer_id = subject.night, subject.snapshot, subject.customer_id
        turns = self._list_turns(subject, unread) if SEGMENT in page.kinds else []
        told = find_told(turns, night.calendar)
        entries, next_place = merge_entries(
            page,
            read_night_entries(night, snapshot.meta.time_zone, customer_id, page, told),
            self._list_since(subject, page, unread),
            turns,
            self._list_override_changes(subject, unread) if OVERRIDE in page.kinds else (),
        )
        names = dict(night.ask("select segment_id, name from dim_segments"))
        names |= self._name_new({entry.segment_id for entry in entries} - {None} - names.keys())
        named = self._hide_others(subject, [find_title(entry, snapshot) for entry in entries])
        return {
            "customer_id": customer_id,
            "entries": [format_entry(entry, names) for entry in add_overrides(self._paths.lake, named)],
            "next_cursor": next_place and encode_place(next_place),
            "unread": sorted(unread),
            "day": str(night.as_of),
            "snapshot": snapshot.name,
        }

    def _name_new(self, segment_ids: Iterable[str]) -> dict[str, str]:
        """Names of segments that were published since the night, by id."""
        found = {name: self._definitions.find_next_text(name) for name in segment_ids}
        segments = {name: self._definitions.find_meaning(text) for name, text in found.items() if text}
        return {name: segment.name for name, segment in segments.items() if segment}

    def _list_since(self, subject: Subject, page: Page, unread: set[str]) -> Iterator[Entry]:
        if EVENT in page.kinds:
            yield from list_live_events(subject.live, subject.lag)
        if LIST in page.kinds:
            yield from self._list_lists(subject, page, unread)

    def _list_lists(self, subject: Subject, page: Page, unread: set[str]) -> Iterable[Entry]:
        """Those of the page and one more, with what of them was clicked."""
        found = find_lists(self._paths.decision_log, subject.customer_id)
        unread |= set() if found.is_whole else {"decision_log"}
        wanted = filter(page.wants, list_served(found.lines))
        lists = nlargest(page.limit + 1, wanted, key=lambda entry: entry.place)
        if not lists:
            return []
        if "event_log" in self._elsewhere:
            unread |= {"event_log"}
            return lists
        clicks = find_clicks(self._paths.event_log, lists)
        unread |= set() if clicks.is_whole else {"event_log"}
        return mark_clicked(lists, clicks.lines)

    def _list_turns(self, subject: Subject, unread: set[str]) -> list[Entry]:
        turns = find_turns(self._paths.transitions, subject.customer_id)
        unread |= {"transitions"} & self._elsewhere if turns.is_whole else {"transitions"}
        night_ends_at = subject.night.calendar.find_midnight(subject.night.as_of.toordinal() + 1)
        return [*list_turns(turns.lines, night_ends_at)]

    def _list_override_changes(self, subject: Subject, unread: set[str]) -> Iterable[Entry]:
        snapshot, customer_id = subject.snapshot, subject.customer_id
        profile = self._stores.memberships.shown.read_visitor(
            snapshot, customer_id, subject.live, subject.now
        )
        segment_ids = {*profile.segment_ids, profile.rfm_segment} - {None} if profile else set()
        concerns = make_concern(customer_id, segment_ids, snapshot.resolve_customer_id)
        try:
            changes = iter(self._stores.overrides.iterate_audit())
            yield from list_override_changes(islice(changes, MOST_CHANGES), concerns, subject.lag)
            unread |= {"override_audit"} if next(changes, None) else set()
        except OverridesOutOfReach as error:
            raise NotReady(str(error)) from error

    def _hide_others(self, subject: Subject, entries: list[Entry]) -> list[Entry]:
        """Entries that name nobody else who may not be named; former ids of the customer are nobody else."""
        others = {entry.other_customer_id for entry in entries} - {None}
        own = {name for name in others if subject.snapshot.resolve_customer_id(name) == subject.customer_id}
        named = own | {*self._naming.select(subject.night, others - own)}
        return [
            entry if entry.other_customer_id in named else replace(entry, other_customer_id=None)
            for entry in entries
        ]


def make_page(query: TimelineQuery, live: LiveState) -> Page:
    """The page that a query asks for; without behaviour of who has said no to analytics since the night."""
    hidden = BEHAVIOUR if live.has_analytics_consent is False else ()
    kinds = tuple(kind for kind in query.kinds or KINDS if kind not in hidden)
    page = Page(query.limit, kinds=kinds)
    return replace(page, before=decode_place(query.cursor)) if query.cursor else page


def find_title(entry: Entry, snapshot: Snapshot) -> Entry:
    """An entry with its item's title."""
    if entry.title or not entry.item_id:
        return entry
    item = snapshot.read_item(snapshot.normalise_item_id(entry.item_id))
    return replace(entry, title=item.title) if item else entry


def format_entry(entry: Entry, segment_names: dict[str, str]) -> dict[str, Any]:
    """An entry as `TimelineEntry`."""
    fields = asdict(entry)
    del fields["key"]
    return fields | {"at": format_utc(entry.at), "sentence": write_sentence(entry, segment_names)}
