"""What pages of segments show, out of what the services answer. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from expectations.contracts.transitions import Transition
from pages.charts.bars import draw_bars
from pages.charts.lines import Series, draw_lines, draw_sparkline
from pages.charts.overlaps import draw_overlaps
from pages.formats import format_share
from serving_app.live.timestamps import to_moment

N_BARS, N_COMPARED = 8, 12
WITH_RULES = ("rule", "rfm")  # of all other kinds a model decides


class ListedSegment(NamedTuple):
    """A line of the list."""

    segment_id: str
    name: str
    n_customers: int
    n_visitors: int
    trend: str
    states: Sequence[tuple[str, str]]


class ShownTurn(NamedTuple):
    """An entry or exit as a page shows it."""

    at: datetime
    is_entered: bool
    who: str
    reason: str


class Correction(NamedTuple):
    """How many members a night has corrected for one cause."""

    words: str
    entered: int
    left: int


class Corrections(NamedTuple):
    """What a night has corrected of a segment's members of a day."""

    day: str
    causes: Sequence[Correction]


CAUSES = {
    "definition": "its definition changed, or that of a segment it names",
    "list": "an uploaded list changed",
    "merge": "customers turned out to be one, or several",
    "model": "the model was learned anew",
    "data": "data came late or was corrected",
}
REASONS = {
    "event": "by what they did",
    "time": "by time",
    "night": "by the night",
    "merge": "two became one customer",
    "definition": "by the new definition",
}


def list_rows(segments: Iterable[Mapping[str, Any]], sizes: Mapping[str, Any]) -> list[ListedSegment]:
    """The lines of the list, the largest first."""
    rows = [
        ListedSegment(
            each["segment_id"],
            each["name"],
            each["n_customers"],
            each["n_visitors"],
            draw_trend(each["name"], sizes["sizes"].get(each["segment_id"], {}), sizes["days"]),
            list_states(each),
        )
        for each in segments
    ]
    return sorted(rows, key=lambda row: (-row.n_customers, row.name))


def list_states(segment: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Words for how a segment is decided, each with the kind of its badge."""
    states = []
    if segment["counts_since"]:
        states.append(("new definition", "good"))
    if segment["basis"] == "live":
        states.append(("live", "good"))
    if segment["kind"] not in WITH_RULES:
        states.append(("learned", "plain"))
    return states


def draw_trend(name: str, by_day: Mapping[str, int], days: Sequence[str]) -> str:
    """The size over the newest days, as small as a word; empty where there was nobody."""
    values = [by_day.get(day, 0) for day in days]
    return draw_sparkline(f"Members of {name}", values) if any(values) else ""


def draw_sizes(name: str, sizes: Sequence[Mapping[str, Any]]) -> str:
    """The size over all days that the night knows."""
    values = [each["n_customers"] for each in sizes]
    return draw_lines(f"Members of {name}", [each["day"] for each in sizes], [Series("members", values)])


def draw_shared(segment_id: str, pairs: Iterable[Mapping[str, Any]], names: Mapping[str, str]) -> str:
    """With which other segments one shares most of its members."""
    shares = [
        (names.get(other, other), share)
        for one, other, share in list_shares(pairs)
        if one == segment_id and share > 0
    ]
    largest = sorted(shares, key=lambda row: -row[1])[:N_BARS]
    return draw_bars("Share of its members who are also in", largest, format_label=format_share)


def list_shares(pairs: Iterable[Mapping[str, Any]]) -> list[tuple[str, str, float]]:
    """Of each two segments, both ways: of the first one's members how many are in the second."""
    shares = []
    for each in pairs:
        one, other, n_shared = each["with"], each["segment_id"], each["n_shared"]
        shares.append((one, other, each["share"]))
        shares.append((other, one, n_shared / each["n_customers"] if each["n_customers"] else 0.0))
    return shares


def draw_matrix(rows: Sequence[ListedSegment], pairs: Iterable[Mapping[str, Any]]) -> str:
    """How much the largest segments overlap."""
    largest = [row for row in rows if row.n_customers][:N_COMPARED]
    shares = {(one, other): share for one, other, share in list_shares(pairs)}
    cells = [
        [1.0 if one is other else shares.get((one.segment_id, other.segment_id), 0.0) for other in largest]
        for one in largest
    ]
    return draw_overlaps("Overlap of the largest segments", [row.name for row in largest], cells)


def show_turns(turns: Iterable[Transition], most: int) -> list[ShownTurn]:
    """Entries and exits, the newest first; nobody is named."""
    newest = sorted(turns, key=lambda turn: turn.told_at, reverse=True)[:most]
    return [
        ShownTurn(
            to_moment(turn.told_at),
            turn.is_entered,
            "a customer" if turn.customer_id.startswith("c_") else "a visitor",
            REASONS.get(turn.reason, turn.reason),
        )
        for turn in newest
    ]


def show_corrections(report: Mapping[str, Any], segment_id: str) -> Corrections | None:
    """What a night's report says of a segment, in words; None: nothing."""
    causes = report.get("segments", {}).get(segment_id)
    if not causes:
        return None
    shown = [
        Correction(words, causes[cause]["entered"], causes[cause]["left"])
        for cause, words in CAUSES.items()
        if cause in causes
    ]
    return Corrections(str(report["day"]), shown)
