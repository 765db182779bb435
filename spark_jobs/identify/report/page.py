"""`reports/<run>/identity.html`: the identities of a run on one page that needs no other file.

Identifiers stand here by kind and id only: no personal values.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from expectations.contracts.files import write_text_atomically
from pages.reports import render_image, render_report, render_table
from spark_jobs.identify.report import charts, cluster_picture
from spark_jobs.identify.report.subgraph import build_drawn_graph, read_neighbourhood, shorten_id
from spark_jobs.identify.review.inputs import ReviewLimits
from spark_jobs.identify.review.questions import ReviewQuestions

N_QUESTIONS, N_PICTURED, N_LARGEST = 10, 4, 2
CHANGES = ("created", "merged", "split", "renamed", "retired")


@dataclass(frozen=True)
class IdentityReport:
    """What identify wrote in a run: the tables of the same names; `changes` of this run only."""

    title: str
    identifiers: pa.Table
    links: pa.Table
    identities: pa.Table
    likeness: pa.Table
    changes: pa.Table
    questions: ReviewQuestions
    limits: ReviewLimits


def write_page(path: Path, report: IdentityReport) -> None:
    """Write the page by one rename. Same tables, same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text_atomically(path, render_page(report))


def render_page(report: IdentityReport) -> str:
    """The page as HTML."""
    size = np.array(pc.value_counts(report.identities["customer_id"]).field("counts"))
    parts = [
        f"<h1>{escape(report.title)}</h1>",
        (
            f"<p>{size.sum():,} identifiers are {len(size):,} customers. Tonight:"
            f" {', '.join(count_changes(report.changes))}.</p>"
        ),
        "<h2>Questions to answer</h2>",
        *render_review_questions(report),
        "<h2>The first of them, drawn</h2>",
        *render_question_pictures(report),
        "<h2>Largest customers</h2>",
        *render_largest_customers(report),
        "<h2>Customers by number of identifiers</h2>",
        *render_customer_sizes(size, report.limits.giant),
        "<h2>Compared records by match weight</h2>",
        *render_match_weights(report),
        "<h2>Links</h2>",
        render_table(
            ["rule", "followed", "held", "held by"], count_links_by_rule(report.links), numbers=(1, 2)
        ),
    ]
    return render_report(report.title, parts)


def count_changes(changes: pa.Table) -> list[str]:
    """`12 created`, and so on, each kind of change."""
    n = Counter(changes["change"].to_pylist())
    return [f"{n[kind]:,} {kind}" for kind in CHANGES]


def render_review_questions(report: IdentityReport) -> list[str]:
    """How many questions there are, and the first with the command that answers each."""
    rows, n_of_kind = report.questions.rows.to_pylist(), report.questions.n_found
    if not rows:
        return ["<p>None.</p>"]
    counts = ", ".join(f"{n:,} {kind}" for kind, n in n_of_kind.items())
    body = [
        [
            row["kind"] + (" (held back)" if row["is_held_back"] else ""),
            f"{row['score']:.4g}",
            f"{row['n_identifiers']:,}",
            f"{escape(row['because'])}<br><code>{escape(build_decide_command(row))}</code>",
        ]
        for row in rows[:N_QUESTIONS]
    ]
    return [
        (
            f"<p>{sum(n_of_kind.values()):,}: {counts}; {len(rows):,} in the queue"
            f" (<code>core_identity_reviews</code>), the first {len(body)} here. DECISION: <b>split</b>"
            " (never one customer), <b>refuse</b> (do not follow this link) or <b>join</b> (one customer)."
            " The score of a giant is its size, of a bridge bits of doubt, of likeness a probability.</p>"
        ),
        render_table(["kind", "score", "identifiers", "because, and how to answer"], body, numbers=(1, 2)),
    ]


def build_decide_command(row: dict) -> str:
    """The command that answers a question; the reader chooses the decision."""
    word = "join" if row["kind"] == "likeness" else "split"
    return f'make decide DECISION={word} A={row["identifier_id_a"]} B={row["identifier_id_b"]} REASON="…"'


def render_question_pictures(report: IdentityReport) -> list[str]:
    """The graphs of the customers that the first questions are about, of each kind at least one."""
    rows = report.questions.rows.to_pylist()
    first = [
        next(row for row in rows if row["kind"] == kind)
        for kind in dict.fromkeys(row["kind"] for row in rows)
    ]
    first += [row for row in rows if row not in first][: N_PICTURED - len(first)]
    ends = [row[f"identifier_id_{end}"] for row in first for end in "ab"]
    customer = find_customers(report.identities, ends)
    theirs = [{customer[row["identifier_id_a"]], customer[row["identifier_id_b"]]} for row in first]
    around = read_neighbourhood(
        report.identifiers, report.links, report.identities, set().union(*theirs), ends
    )
    parts = []
    for row, customers in zip(first, theirs, strict=True):
        pair = (row["identifier_id_a"], row["identifier_id_b"])
        graph = build_drawn_graph(
            around, customers, pair, row["score"] if row["kind"] == "likeness" else None
        )
        title = f"{row['kind'].capitalize()}: {' and '.join(sorted(customers))}"
        parts += [
            f'<h3>{escape(title)}</h3><p class="why">{escape(row["because"])}</p>',
            render_image(
                cluster_picture.draw_cluster(graph),
                f"graph round {shorten_id(pair[0])} and {shorten_id(pair[1])}",
            ),
        ]
    return parts or ["<p>No questions.</p>"]


def render_largest_customers(report: IdentityReport) -> list[str]:
    """The graphs of the customers with the most identifiers, giants apart: those are asked about above."""
    counts = pc.value_counts(report.identities["customer_id"])
    sized = pa.table({"customer_id": counts.field("values"), "n": counts.field("counts")})
    sized = sized.filter(pc.less_equal(sized["n"], report.limits.giant))
    top = sized.sort_by([("n", "descending"), ("customer_id", "ascending")]).slice(0, N_LARGEST).to_pylist()
    around = read_neighbourhood(
        report.identifiers, report.links, report.identities, {row["customer_id"] for row in top}
    )
    return [
        f"<h3>{escape(row['customer_id'])}: {row['n']:,} identifiers</h3>\n"
        + render_image(
            cluster_picture.draw_cluster(build_drawn_graph(around, {row["customer_id"]})),
            f"graph of {row['customer_id']}",
        )
        for row in top
    ]


def find_customers(identities: pa.Table, ids: Sequence[str]) -> dict[str, str]:
    """Identifier → customer."""
    theirs = identities.filter(pc.is_in(identities["identifier_id"], pa.array(ids, pa.string())))
    return dict(zip(theirs["identifier_id"].to_pylist(), theirs["customer_id"].to_pylist(), strict=True))


def render_customer_sizes(n_identifiers: np.ndarray, giant: int) -> list[str]:
    return (
        [render_image(charts.draw_customer_sizes(n_identifiers, giant), "customers by size")]
        if len(n_identifiers)
        else ["<p>No customers.</p>"]
    )


def render_match_weights(report: IdentityReport) -> list[str]:
    if not report.likeness.num_rows:
        return ["<p>No two records are alike.</p>"]
    probability, is_one = (report.likeness[name].to_numpy() for name in ("probability", "is_one_person"))
    return [
        render_image(
            charts.draw_match_weights(probability, is_one, report.limits.review, report.limits.link),
            "match weights",
        )
    ]


def count_links_by_rule(links: pa.Table) -> list[list[str]]:
    """Per rule, how many links are followed, how many held, and by what."""
    counted = links.group_by(["rule", "held_by"]).aggregate([([], "count_all")]).to_pylist()
    rows = []
    for rule in sorted({row["rule"] for row in counted}):
        held_counts = sorted(
            (-row["count_all"], row["held_by"]) for row in counted if row["rule"] == rule and row["held_by"]
        )
        followed = sum(row["count_all"] for row in counted if row["rule"] == rule and not row["held_by"])
        reasons = ", ".join(f"{escape(by)} {-n:,}" for n, by in held_counts)
        rows.append([escape(rule), f"{followed:,}", f"{-sum(n for n, _ in held_counts):,}", reasons])
    return rows
