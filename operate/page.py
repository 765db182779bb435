"""The page that ends `make run`: the figures of the last night on one screen."""

from typing import Any

from rich.console import Console
from rich.table import Table

from expectations.contracts.lake import CORE_IDENTIFIERS, CORE_IDENTITIES, FEAT_CUSTOMERS
from models.evaluation.legend import explain_column_names
from operate.visitors import Visitor
from spark_jobs.lake.tables import Lake
from spark_jobs.publish import identity_records
from spark_jobs.publish.snapshot_tables import remove_held_back
from spark_jobs.run.manifest import OUTCOMES
from spark_jobs.settings import Settings


def select_visitors(settings: Settings) -> list[Visitor]:
    """A known, a new and an anonymous visitor of this home, as a shop's page would name them, or fewer."""
    lake = Lake(settings.lake)
    identifiers = lake.read_arrow(CORE_IDENTIFIERS).to_pandas().query("kind == 'user_id'")
    people = identifiers.merge(
        lake.read_arrow(CORE_IDENTITIES).to_pandas(), on="identifier_id", validate="1:1"
    )
    features = lake.read_arrow(FEAT_CUSTOMERS, ["customer_id", "n_orders"])
    features = remove_held_back(features, identity_records.read_reviews(lake)).to_pandas()
    # `example_customer` of summary.json comes first
    order, ascending = (
        ["n_orders", "customer_id", "value"],
        [False, True, True],
    )
    known = (
        people.merge(features, on="customer_id")
        .sort_values(order, ascending=ascending)
        .head(1)
        .to_dict("records")
    )
    newest = (
        people.sort_values(["first_seen_at", "value"], ascending=[False, True]).head(1).to_dict("records")
    )
    return [
        *(Visitor(f"known, {row['n_orders']} orders", {"user_id": row["value"]}) for row in known),
        *(Visitor("new", {"user_id": row["value"]}) for row in newest),
        Visitor("anonymous", {"anonymous_id": "never-seen-before"}),
    ]


SCORES = ("quality", "discover", "next")
# Columns of words; the others hold numbers.
WORDS = ("table", "segment", "recommender", "visitor", "list", "before", "after")


def new_table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for name in columns:
        table.add_column(name, justify="left" if name in WORDS else "right")
    return table


def tabulate_received(summary: dict[str, Any]) -> Table:
    table = new_table("What was received, and what became of it (last night)", "table", *OUTCOMES)
    for entity in summary["received"]:
        table.add_row(entity["table"], *(f"{entity[name]:,}" for name in OUTCOMES))
    return table


def describe_files(summary: dict[str, Any]) -> list[str]:
    """A sentence for each thing that last night's files want a person to know."""
    sentences = []
    for note in summary.get("files", []):
        if note.get("n_ended"):
            sentences.append(
                f"{note['table']}: {note['n_ended']:,} ended, because a whole file no longer names them."
            )
        for file in note.get("suspicious_whole_files", []):
            sentences.append(
                f"{note['table']}: the file of {file['day']} names {file['n_keys']:,}, the one before"
                f" {file['n_before']:,}; nothing it lacks was ended."
            )
        if names := note.get("files_without_records"):
            sentences.append(
                f"{note['table']}: {note['n_files_without_records']} files hold no record:"
                f" {', '.join(names)}."
            )
    return sentences


def tabulate_segments(summary: dict[str, Any]) -> Table:
    table = new_table(
        f"Segments of {summary['customers']['customers']:,} customers; one may be in several",
        "segment",
        "customers",
    )
    for segment in sorted(summary["segments"], key=lambda each: -each["n_customers"]):
        table.add_row(segment["name"], f"{segment['n_customers']:,}")
    return table


def tabulate_model(summary: dict[str, Any]) -> Table:
    tested = summary["model"].get("n_test_customers")
    tested_on = f" ({tested:,} customers)" if tested else ""
    table = new_table(
        f"NDCG@10 on the newest window{tested_on}, with 95 % intervals; the best first",
        "recommender",
        *SCORES,
    )
    board = summary["model"].get("leaderboard", {})
    for name in sorted(board, key=lambda name: -(board[name]["quality"]["mean"] or 0)):
        table.add_row(
            name,
            format_interval(board[name]["quality"]),
            *(format_interval(board[name][task]["ndcg"]) for task in SCORES[1:]),
        )
    return table


def describe_legend(summary: dict[str, Any]) -> str:
    """What the rows that are no recommender alone, and the columns, mean; empty without a board."""
    board = summary["model"].get("leaderboard", {})
    of_board = [name for name in ("served", "accepted before", "found") if name in board]
    lines = explain_column_names([*of_board, *SCORES]) if board else {}
    others = ["  every other row is one recommender alone"] if board else []
    return "\n".join([*(f"  {name}: {words}" for name, words in lines.items()), *others])


def format_interval(score: dict[str, float | None]) -> str:
    return "–" if score["mean"] is None else f"{score['mean']:.4f} [{score['low']:.4f}, {score['high']:.4f}]"


def tabulate_answers(visits: list[dict[str, Any]]) -> Table:
    blocked = next(item for item in visits[0]["before"]["items"] if item["item_id"] == visits[0]["blocked"])
    name = format_item(blocked)
    title = f"What three visitors are shown, before and after {name} ({blocked['item_id']}) is blocked"
    table = new_table(title, "visitor", "list", "before", "after")
    for visit in visits:
        cells = [
            "\n".join(f"{item['rank']}. {format_item(item)}" for item in visit[when]["items"])
            for when in ("before", "after")
        ]
        table.add_row(visit["who"], visit["before"]["source"], *cells)
    return table


def format_reason(visit: dict[str, Any]) -> str:
    """What the service says of the first item it shows, as each answer does of each item."""
    first = visit["before"]["items"][0]
    return f"Why {format_item(first)} is first for the visitor {visit['who']}: {first['reason']}."


def describe_reviews(identity: dict[str, Any]) -> str:
    """What about who is who waits for a person, and where it is shown."""
    kinds = ", ".join(f"{n:,} {kind}" for kind, n in identity["n_questions"].items())
    waiting = f"Questions about merges: {sum(identity['n_questions'].values()):,}" + (
        f" ({kinds})" if kinds else ""
    )
    held_back = f"; {identity['n_held_back']:,} held back until answered" if identity["n_held_back"] else ""
    return f"{waiting}{held_back}." + (f" Drawn in {identity['report']}" if identity["report"] else "")


def format_item(item: dict[str, Any]) -> str:
    """An item as a person would know it."""
    return item["title"] or item["item_id"]


def print_page(console: Console, summary: dict[str, Any], visits: list[dict[str, Any]]) -> None:
    """Print the page."""
    people = summary["customers"]
    console.rule(f"Night of {summary['days']['to']}")
    console.print(tabulate_received(summary))
    for sentence in describe_files(summary):
        console.print(sentence)
    console.print(
        "[green]Everything received is accounted for.[/green]"
        if summary["balanced"]
        else "[red]It does not add up.[/red]"
    )
    console.print(
        f"\n{people['customers']:,} customers ({people['known']:,} known, {people['anonymous']:,} anonymous)"
        f" behind {people['identifiers']:,} identifiers; {people['merged_identifiers']:,} identifiers merged."
    )
    console.print(f"{describe_reviews(summary['identity'])}\n", soft_wrap=True)
    console.print(tabulate_segments(summary))
    console.print()
    console.print(tabulate_model(summary))
    console.print(describe_legend(summary), style="dim", soft_wrap=True)
    model = summary["model"]
    console.print(f"Gate: {model.get('verdict', 'nothing new to judge')}. {model.get('reason', '')}")
    console.print(f"{describe_drift(model.get('drift', {}))}\n", soft_wrap=True)
    console.print(tabulate_answers(visits))
    console.print(format_reason(visits[0]), soft_wrap=True)


def describe_drift(drift: dict[str, Any]) -> str:
    """What the night saw of drift, in words."""
    if drift.get("alarms"):
        return f"Drift: {'; '.join(drift['alarms'])}. A search for a better configuration is due."
    able = [each for each in drift.get("signals", []) if each["value"] is not None]
    return f"Drift: none in {len(able)} signals." if able else "Drift: history is too short to tell."
