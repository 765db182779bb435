"""Overrides, their changes and their effect as pages show them: pure, of what the services answer."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple

from pages.formats import format_moment

VERBS = {"pin": "Pin", "block": "Block", "boost": "Boost", "bury": "Bury"}
LABELS = {
    "kind": "what it does",
    "item_id": "item",
    "category": "category",
    "customer_id": "customer",
    "segment_id": "segment",
    "placement": "placement",
    "position": "place",
    "factor": "factor",
    "starts_at": "begins",
    "until": "ends",
    "priority": "priority",
    "reason": "reason",
    "author": "by",
}
TIMES = ("starts_at", "until", "created_at")
KEYS = {"local": "this machine", "admin-token": "the operator's token"}
NOT_SHOWN = ("override_id", "created_at", "version")


class Names(NamedTuple):
    """What things are called.

    Attributes:
        items: titles by item id.
        segments: names by segment id.
        zone: of the times that are typed.
    """

    items: Mapping[str, str]
    segments: Mapping[str, str]
    zone: tzinfo = UTC


class ShownOverride(NamedTuple):
    """An override as a row.

    Attributes:
        stored: as the service answers it, or as the audit log holds it.
    """

    override_id: str
    kind: str
    sentence: str
    whom: str
    where: str
    starts_at: datetime | None
    until: datetime
    state: str
    stored: Mapping[str, Any]


class ShownChange(NamedTuple):
    """An entry of the audit log as a row."""

    number: int
    at: datetime
    who: str
    sentence: str
    override_id: str
    details: list[tuple[str, str, str]]
    reason: str
    undoes: int | None
    can_be_undone: bool


def show_override(stored: Mapping[str, Any], names: Names, now: datetime) -> ShownOverride:
    """An override as a row."""
    times = {name: read_time(stored.get(name)) for name in TIMES}
    starts_at, until = times["starts_at"], times["until"]
    state = "scheduled" if starts_at and starts_at > now else "in force"
    return ShownOverride(
        stored["override_id"] or "",
        stored["kind"],
        describe_override(stored, names),
        describe_whom(stored, names),
        stored.get("placement") or "everywhere",
        starts_at,
        until,
        "ended" if until <= now else state,
        stored,
    )


def describe_override(stored: Mapping[str, Any], names: Names) -> str:
    """What an override does, as a sentence without its end: `Pin Blue mug at place 2`."""
    item_id = stored.get("item_id")
    target = names.items.get(item_id, item_id) if item_id else f"all of {stored.get('category')}"
    sentence = f"{VERBS.get(stored['kind'], stored['kind'])} {target}"
    if stored["kind"] == "pin":
        return f"{sentence} at place {stored.get('position') or 1}"
    if stored["kind"] in ("boost", "bury"):
        factor = stored.get("factor")
        return f"{sentence} ×{factor:g}" if factor else f"{sentence} to the end"
    return sentence


def describe_whom(stored: Mapping[str, Any], names: Names) -> str:
    """Whom an override is for."""
    if segment_id := stored.get("segment_id"):
        return f"segment {names.segments.get(segment_id, segment_id)}"
    return f"customer {stored['customer_id']}" if stored.get("customer_id") else "everyone"


def select_overrides(overrides: Iterable[ShownOverride], text: str) -> Iterator[ShownOverride]:
    """Those in whose row every word of a text stands."""
    words = text.casefold().split()
    for one in overrides:
        stored = one.stored
        more = [stored.get(name) or "" for name in ("item_id", "segment_id", "reason", "author")]
        row = " ".join([one.sentence, one.whom, one.where, one.state, *more]).casefold()
        if all(word in row for word in words):
            yield one


def show_change(entry: Mapping[str, Any], names: Names) -> ShownChange:
    """An entry of the audit log as a row."""
    before, after = entry["before"], entry["after"]
    subject = after or before
    verb = {"created": "made", "changed": "changed", "deleted": "ended"}[entry["action"]]
    sentence = f"{describe_override(subject, names)} for {describe_whom(subject, names)}: {verb}"
    key = KEYS.get(entry["key_id"], f"key {entry['key_id']}")
    return ShownChange(
        entry["number"],
        read_time(entry["at"]),
        f"{entry['author']} ({key})" if entry["author"] else key,
        sentence,
        entry["override_id"],
        [*list_differences(before, after, names.zone)] if before and after else [],
        entry["reason"],
        entry["undoes"],
        entry["can_be_undone"],
    )


def list_differences(
    before: Mapping[str, Any], after: Mapping[str, Any], zone: tzinfo
) -> Iterator[tuple[str, str, str]]:
    """What a change made other: the field's name for people, and its value before and after."""
    for name in [*after, *(name for name in before if name not in after)]:
        if name not in NOT_SHOWN and before.get(name) != after.get(name):
            yield LABELS.get(name, name), *(show_value(name, one.get(name), zone) for one in (before, after))


def show_value(name: str, value: Any, zone: tzinfo) -> str:
    """A value of a field, `none` of what is not there, times as the shop's."""
    if name in TIMES and value:
        return format_moment(read_time(value), zone)
    return "none" if value in (None, "") else f"{value:g}" if isinstance(value, float) else str(value)


def read_time(text: str | datetime | None) -> datetime | None:
    """A moment of an answer."""
    return datetime.fromisoformat(text) if isinstance(text, str) else text


class ComparedItem(NamedTuple):
    """A place of a list before and after; None: the list is shorter."""

    place: int
    before: str | None
    after: str | None
    change: str


def compare_lists(before: list[str], after: list[str], titles: Mapping[str, str]) -> list[ComparedItem]:
    """Two lists side by side; of the later what is new in it, and what moved up."""
    rows = []
    for place in range(max(len(before), len(after))):
        old, new = (one[place] if place < len(one) else None for one in (before, after))
        is_new, is_higher = new not in before, new in before and before.index(new) > place
        change = "" if new is None else "new" if is_new else "up" if is_higher else ""
        old, new = (one and titles.get(one, one) for one in (old, new))
        rows.append(ComparedItem(place + 1, old, new, change))
    return rows


def list_effect_items(effect: Mapping[str, Any]) -> Iterator[str]:
    """The items of the lists that an effect shows."""
    for change in [*effect["examples"], *filter(None, [effect["stranger"]])]:
        yield from (*change["before"], *change["after"])


def describe_effect(effect: Mapping[str, Any], *, is_for_segment: bool = False) -> str:
    """How many lists a change would make others; of a segment, those of the night's members."""
    n, changed, length = effect["n_customers_checked"], effect["n_customers_changed"], effect["n_items"]
    customers = f"{n:,} {'customer' if n == 1 else 'customers'}"
    sample = "" if effect["is_whole"] else "the first "
    checked = (
        f"Of {sample}{customers} with a list of their own, {changed:,} would see another first {length}"
        if n
        else f"{'By the night nobody' if is_for_segment else 'Nobody'} with a list of their own is concerned"
    )
    stranger = "; so would strangers" if effect["stranger"] else "; strangers would not"
    return f"{checked}{stranger}."
