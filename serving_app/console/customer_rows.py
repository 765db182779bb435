"""A customer as pages show them: pure, of what the services answer."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, NamedTuple

from serving_app.timelines.entries import EVENT, Entry
from serving_app.timelines.sentences import write_sentence

IDENTIFIERS = (
    ("user_id", "User id of the shop"),
    ("email", "E-mail address"),
    ("phone", "Phone number"),
    ("crm_id", "CRM number"),
    ("anonymous_id", "Browser"),
    ("customer_id", "Customer id (c_…)"),
)
TIMELINE_FILTERS = (
    ("", "All"),
    ("order", "Orders"),
    ("event", "Events"),
    ("list", "Lists"),
    ("segment", "Segments"),
    ("identity", "Merges"),
    ("override", "Overrides"),
    ("consent", "Consents"),
)
UNREAD = {
    "decision_log": "lists of today that are older than the newest 16 MB of the decision log",
    "event_log": "which lists of today were clicked",
    "transitions": "turns of live segments that Kafka has, or older than the newest 16 MB of their log",
    "override_audit": "changes of overrides that are older than the newest 5,000",
    "live": "what was done since the night, as the live states cannot be read now",
}
PARTS = {
    "list": "as scored",
    "session": "by this session",
    "fatigue": "shown often",
    "boost": "by an override",
}


class ShownEntry(NamedTuple):
    """An entry of a timeline as a row; `titles` are of a list's items, those clicked marked."""

    at: datetime
    kind: str
    sentence: str
    titles: list[tuple[str, bool]]
    overrides: list[str]
    request_id: str | None
    override_id: str | None
    is_since_night: bool


class ShownPart(NamedTuple):
    """A part of an item's score."""

    of: str
    adds: float
    factor: float | None
    override_id: str | None


def show_entry(entry: Mapping[str, Any], titles: Mapping[str, str]) -> ShownEntry:
    """An entry of a timeline as a row."""
    clicked = {*(entry["clicked"] or ())}
    return ShownEntry(
        datetime.fromisoformat(entry["at"]),
        entry["kind"],
        entry["sentence"],
        [(titles.get(name, name), name in clicked) for name in entry["items"] or ()],
        list(entry["applied_overrides"] or ()),
        entry["request_id"],
        entry["override_id"],
        entry["is_since_night"],
    )


def show_live_events(live: Mapping[str, Any], titles: Mapping[str, str]) -> list[tuple[datetime, str]]:
    """What was done since the night, the newest first: when, and a sentence."""
    events = [
        Entry(
            datetime.fromisoformat(event["occurred_at"]),
            EVENT,
            "",
            event["event_type"],
            title=titles.get(event["item_id"], event["item_id"]),
            quantity=event["quantity"],
        )
        for event in live["events"]
    ]
    return [(event.at, write_sentence(event, {})) for event in events]


def group_by_day(entries: Iterable[ShownEntry]) -> list[tuple[datetime, list[ShownEntry]]]:
    """Entries by their day in UTC, in their order, each day with its newest moment."""
    grouped = groupby(entries, key=lambda entry: entry.at.astimezone(UTC).date())
    days = [list(group) for _, group in grouped]
    return [(day[0].at, day) for day in days]


def list_entry_items(entries: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The items of the lists of a timeline."""
    for entry in entries:
        yield from entry["items"] or ()


def show_parts(item: Mapping[str, Any]) -> list[ShownPart]:
    """What an item's score is made of."""
    return [
        ShownPart(PARTS.get(part["of"], part["of"]), part["adds"], part["factor"], part["override_id"])
        for part in item.get("contributions") or ()
    ]


def list_facts(profile: Mapping[str, Any]) -> list[tuple[str, object]]:
    """What is known of a customer, by names for people."""
    consent, words = profile["consent"] or {}, {True: "yes", False: "no"}
    return [
        ("Known by a login", words.get(profile["is_known"], "no night has met them yet")),
        ("Country", profile["country"] or "–"),
        ("Orders", profile["n_orders"]),
        ("Last order", read_time(profile["last_order_at"])),
        ("Personalization", words.get(consent.get("personalization"), "see the timeline for what was said")),
    ]


def list_traits(profile: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The traits of a customer, by name; none of who has said no to analytics."""
    return [(name, show_trait(value)) for name, value in sorted((profile["traits"] or {}).items())]


def show_trait(value: object) -> str:
    """A trait's value: lists with commas, numbers without needless digits."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,.4g}" if isinstance(value, float) else str(value)


def read_time(text: str | None) -> datetime | None:
    """A moment of an answer."""
    return datetime.fromisoformat(text) if text else None


def describe_unread(sources: Iterable[str]) -> str:
    """What a timeline lacks, as a sentence; empty where it lacks nothing."""
    lacking = "; ".join(UNREAD[name] for name in sources)
    return f"Not here: {lacking}." if lacking else ""
