"""What the published night says of segments, as lines and tables of a terminal."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from segments.sql.costs import CostLimits

WIDTH_OF_DAY, WIDTH_OF_TREND = 8, 13  # of a number up to 999,999, and "since 02-20", with what parts them
NEAR = 0.5  # of the most that a definition may cost: from there on it is worth a word


def print_membership(console: Console, answer: Mapping[str, Any]) -> None:
    """Why a customer was in a segment or not: a sentence, then a line for each clause."""
    console.print(escape(answer["sentence"]))
    since = f", in it since {answer['member_since']}" if answer["member_since"] else ""
    console.print(f"{answer['customer_id']}, at {answer['at']}{since}")
    if answer["clause"]:
        table = make_table("", "clause", "is", "wanted")
        add_clause(table, answer["clause"], 0)
        console.print(table)


def add_clause(table: Table, clause: Mapping[str, Any], depth: int) -> None:
    """A line for a clause and each in it."""
    mark = "[green]✓[/]" if clause["holds"] else "[red]✗[/]"
    is_leaf = not clause["parts"]
    wanted = "" if clause["op"] is None else f"{clause['op']} {format_value(clause['threshold'])}"
    table.add_row(
        mark,
        escape("  " * depth + (clause["rule"] if is_leaf else name_group(clause))),
        escape(format_value(clause["value"])) if clause["op"] else "",
        escape(wanted if clause["is_wanted"] else f"not {wanted or clause['rule']}"),
    )
    for part in clause["parts"]:
        add_clause(table, part, depth + 1)


def name_group(clause: Mapping[str, Any]) -> str:
    """A clause with parts: the word that joins them, or the segment that it names."""
    return clause["joined"] or clause["rule"]


def format_value(value: Any) -> str:
    """A value in a cell."""
    if isinstance(value, list):
        return " … ".join(map(format_value, value))
    return "unknown" if value is None else str(value)


def print_preview(console: Console, answer: Mapping[str, Any], limits: CostLimits) -> None:
    """Members that a definition would have, what they share with other segments, and whether its cost is near
    the limits.
    """
    console.print(
        f"{answer['segment_id']} would have {answer['n_members']:,} members, {answer['share']:.1%} of"
        f" {answer['n_customers']:,} customers, at the end of {answer['day']}."
    )
    cost = answer["cost"]
    if cost["n_read"] > limits.n_read * NEAR or cost["n_made"] > limits.n_made * NEAR:
        console.print("It takes the night long to work out: it is near the most that a definition may cost.")
    table = make_table("shared with", "customers", "of its own", "Jaccard")
    for each in answer["overlaps"]:
        shares = (f"{each['share']:.1%}", f"{each['jaccard']:.3f}")
        table.add_row(each["segment_id"], f"{each['n_shared']:,}", *shares)
    console.print(table)
    console.print(f"Some of them: {', '.join(answer['sample'] or ()) or 'none'}")


def print_diff(console: Console, answer: Mapping[str, Any]) -> None:
    """Who would come and go by a definition."""
    console.print(
        f"{answer['segment_id']}: {answer['n_before']:,} members become {answer['n_after']:,} at the end of"
        f" {answer['day']}: {answer['n_enters']:,} enter, {answer['n_leaves']:,} leave,"
        f" {answer['n_stays']:,} stay."
    )
    for change in ("enters", "leaves"):
        if answer[change]:
            console.print(f"{change}: {', '.join(answer[change])}")


def print_draft(console: Console, draft: Mapping[str, Any]) -> None:
    """A draft, whether it may be published, and how it differs from the newest text."""
    state = "outdated: save it anew" if draft["is_outdated"] else f"counts from: {draft['counts_from']}"
    approval = draft["approval"]
    approved = f", approved by {approval['by']}" if approval else ""
    console.print(
        f"{draft['draft_id']} of {draft['segment_id']}, saved by {escape(draft['saved_by'])} at"
        f" {draft['saved_at']}{escape(approved)}; {state}"
    )
    console.print(escape(draft["diff"]) or "The text is the newest one.")


def print_impact(console: Console, answer: Mapping[str, Any]) -> None:
    """Who would come and go by a draft, and what names its segment."""
    print_diff(console, answer)
    needed = "needs" if answer["is_approval_needed"] else "needs no"
    console.print(
        f"That is {answer['share']:.1%} of {answer['n_customers']:,} customers; it {needed} approval by"
        f" somebody else (beyond {answer['most_share']:.0%})."
    )
    console.print(
        f"{len(answer['overrides'])} overrides name it; the lists of {answer['n_lists']:,} customers may"
        f" change, by {answer['n_items']:,} items."
    )


def print_sizes(console: Console, sizes: Mapping[str, Mapping[str, int]], days: list[str]) -> None:
    """How many members each segment had on some days, a week apart where not all fit the width, and what
    became of the number since the first of all days.
    """
    widest = max(map(len, sizes), default=0)
    n_fit = max(2, (console.width - widest - WIDTH_OF_TREND) // WIDTH_OF_DAY)
    shown = days if len(days) <= n_fit else days[::-1][::7][:n_fit][::-1]
    table = make_table("segment", *(day[5:] for day in shown), f"since {days[0][5:]}")
    for segment_id, by_day in sizes.items():
        change = by_day.get(days[-1], 0) - by_day.get(days[0], 0)
        table.add_row(segment_id, *(f"{by_day.get(day, 0):,}" for day in shown), f"{change:+,}")
    console.print(table)


def print_overlaps(console: Console, pairs: Iterable[Mapping[str, Any]]) -> None:
    """Whom each two segments share, those that are most alike first."""
    table = make_table("segment", "segment", "shared", "Jaccard")
    for each in sorted(pairs, key=lambda pair: -pair["jaccard"]):
        table.add_row(each["with"], each["segment_id"], f"{each['n_shared']:,}", f"{each['jaccard']:.3f}")
    console.print(table)


def print_versions(
    console: Console, versions: Iterable[Mapping[str, Any]], waiting: tuple[str, str | None] | None
) -> None:
    """When each text of a definition was in force, and the one that waits for the next night.

    Args:
        waiting: its digest, and since when the service counts by it.
    """
    table = make_table("version", "digest", "in force")
    for each in versions:
        spans = (f"{span['since']} – {span['until'] or 'now'}" for span in each["periods"])
        table.add_row(str(each["version"]), each["digest"], "; ".join(spans))
    if waiting:
        digest, since = waiting
        table.add_row("next", digest, f"live since {since}" if since else "waits for the next night")
    console.print(table)


def make_table(*names: str) -> Table:
    """A table without lines."""
    table = Table(box=None, pad_edge=False)
    for name in names:
        table.add_column(name)
    return table
