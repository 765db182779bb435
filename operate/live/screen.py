"""The screen of `make live`: shoppers, how far each stage is behind, who enters and leaves segments."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from operate.live.shoppers import Traffic
from operate.live.transitions import TransitionFollower
from operate.page import new_table

N_SEGMENTS = 6
SHORT = 12  # characters of an id that tell customers apart on a screen


@dataclass(frozen=True)
class Reading:
    """What was read at one moment.

    Attributes:
        seconds: since the shoppers came.
        stream: of the stream's progress file; empty before its first batch.
    """

    seconds: float
    n_shoppers: int
    traffic: Traffic
    transitions: TransitionFollower
    stream: dict[str, Any] = field(default_factory=dict)


def draw_screen(reading: Reading, url: str) -> Group:
    """All of it, for a terminal that shows it anew each second."""
    return Group(
        Text(
            f"{url} · {reading.n_shoppers} shoppers · {reading.seconds:.0f} s · Ctrl-C ends it", style="bold"
        ),
        tabulate_stages(reading),
        tabulate_segments(reading.transitions.counts),
        tabulate_newest(reading.transitions),
    )


def tabulate_stages(reading: Reading) -> Table:
    """Events on their way: taken by the service, read from Kafka into the lake."""
    traffic, stream = reading.traffic, reading.stream
    table = new_table("Events on their way", "stage", "events", "what it says")
    accepted, refused = traffic.n_events["accepted"], traffic.n_events["quarantined"]
    failed = f", {traffic.n_failed:,} requests failed" if traffic.n_failed else ""
    table.add_row(
        "the service took",
        f"{accepted + refused:,}",
        f"{(accepted + refused) / max(reading.seconds, 1):,.0f} a second, {traffic.n_visits:,} visits ended;"
        f" a list takes {describe_seconds(traffic.seconds)}{failed}",
    )
    behind = stream.get("events_behind")
    table.add_row(
        "the stream read",
        f"{stream.get('n_lines', 0):,}",
        f"{behind:,} behind, the last batch took {stream['seconds']:.1f} s"
        if behind is not None and "seconds" in stream
        else "Spark starts, and its first batch takes ten seconds",
    )
    return table


def tabulate_segments(counts: Counter[tuple[str, str]]) -> Table:
    """Entries and exits of the segments with the most of them."""
    table = new_table("Segments since then", "segment", "entered", "left")
    sums = Counter()
    for (segment_id, _), n in counts.items():
        sums[segment_id] += n
    for segment_id, _ in sorted(sums.items(), key=lambda item: (-item[1], item[0]))[:N_SEGMENTS]:
        table.add_row(segment_id, f"{counts[segment_id, 'entered']:,}", f"{counts[segment_id, 'left']:,}")
    return table


def tabulate_newest(transitions: TransitionFollower) -> Table:
    """The newest entries and exits."""
    table = new_table("The newest", "customer", "what", "because", "told after")
    for transition, seconds in list(transitions.newest):
        table.add_row(
            transition["customer_id"][:SHORT],
            f"{transition['type']} {transition['segment_id']}",
            {"event": "an event came", "time": "time passed"}.get(transition["reason"], transition["reason"]),
            f"{seconds:.2f} s",
        )
    return table


def describe_seconds(seconds: list[float]) -> str:
    """Half and 99 of 100 of the newest requests, in milliseconds."""
    if not seconds:
        return "–"
    ordered = sorted(seconds)
    half, most = (ordered[int(share * (len(ordered) - 1))] for share in (0.5, 0.99))
    return f"{1000 * half:.0f} ms (p99 {1000 * most:.0f})"


def describe_line(reading: Reading) -> str:
    """The same in a line, where there is no terminal."""
    traffic, counts = reading.traffic, reading.transitions.counts
    entered = sum(n for (_, kind), n in counts.items() if kind == "entered")
    left = sum(n for (_, kind), n in counts.items() if kind == "left")
    return (
        f"{reading.seconds:.0f} s: {traffic.n_events['accepted']:,} events taken,"
        f" {reading.stream.get('n_lines', 0):,} read by the stream; {entered:,} entries, {left:,} exits;"
        f" a list takes {describe_seconds(traffic.seconds)}"
    )


def describe_balance(n_taken: int, n_landed: int) -> str:
    """Whether all that the service took has landed, in words."""
    if n_landed >= n_taken:  # more: of a run before that was killed
        return f"All {n_taken:,} events that the service took are in the lake."
    return f"The service took {n_taken:,} events, and {n_landed:,} are in the lake: it does not add up."
