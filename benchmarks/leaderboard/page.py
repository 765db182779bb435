"""The leaderboard as `<data>.html` and `<data>.png` under reports/leaderboard: one page that needs nothing
beside it.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.leaderboard import picture
from benchmarks.leaderboard.datasets import Dataset, TestWindow
from benchmarks.leaderboard.lifts import compute_lifts
from benchmarks.leaderboard.published import PublishedRow
from benchmarks.leaderboard.run import RowResult
from benchmarks.leaderboard.table import describe_columns, describe_test_size, format_value, read_metric
from models.evaluation import bootstrap_interval, slices
from models.evaluation.legend import explain_column_names
from models.evaluation.summary import summarise_metrics
from pages.reports import render_report

DRAWS = 1000
WHOLE = ("mrr", "map", "hit", "coverage", "gini", "novelty", "serendipity", "diversity", "miscalibration")
SLICES = (
    " Cold customers had one day with a purchase before the test, cool ones two, warm ones more; activity is"
    " thirds by items had; active ones bought within 28 days, lapsed ones not within 84. Cold items: fewer"
    " than five customers ever wanted them."
)
# beside what all reports look like: wide tables whose first column stays
STYLE = """
body { max-width: 76rem }
div.wide { overflow-x: auto }
table { display: table }
td.n, th.n { white-space: nowrap }
td.first, th.first { position: sticky; left: 0; background: var(--surface); white-space: nowrap }
td:last-child { min-width: 8rem }
tr.theirs td, small { color: var(--text-muted); font-weight: 400 }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; font-size: var(--size-small);
color: var(--text-muted) }
dt { font-weight: 600 }
dd { margin: 0 }
"""


def write_page(
    folder: Path,
    data: Dataset,
    window: TestWindow,
    name: str,
    results: Sequence[RowResult],
    published: Sequence[PublishedRow],
) -> Path:
    """Write both under temporary names, then rename them."""
    folder.mkdir(parents=True, exist_ok=True)
    ready = [result for result in results if result.found]
    cohorts = slices.slice_customers(window.history.behaviour, window.asked, data.labels)
    summaries = {result.row.name: summarise_metrics(result.found, cohorts, DRAWS) for result in ready}
    image = folder / f"{name}.png"
    picture.draw_picture(data, ready, published, image)
    path, temporary = folder / f"{name}.html", folder / f".{name}.html.part"
    absent = {result.row.name: result.wrong for result in results if not result.found}
    temporary.write_text(render_page(PageContent(data, window, ready, summaries, published, absent), image))
    temporary.rename(path)
    return path


@dataclass(frozen=True)
class PageContent:
    """What the page shows.

    Attributes:
        results: of the rows that have figures.
        summaries: their figures with intervals, by name of the row.
        absent: by name of a row without figures, why it has none.
    """

    data: Dataset
    window: TestWindow
    results: Sequence[RowResult]
    summaries: Mapping[str, Any]
    published: Sequence[PublishedRow]
    absent: Mapping[str, str]


def render_page(content: PageContent, image: Path) -> str:
    """The page as HTML, its picture inside."""
    data, results, summaries = content.data, content.results, content.summaries
    title = f"Leaderboard: {data.name.replace('_', ' ')}"
    picture = b64encode(image.read_bytes()).decode()
    parts = [
        f"<h1>{escape(title)}</h1>",
        f"<p>{escape(data.protocol)}</p>",
        f"<p>{escape(describe_test_size(data, content.window))}</p>",
        f'<img alt="bars of every row, ours with intervals" src="data:image/png;base64,{picture}">',
        "<h2>All rows</h2>",
        (
            "<p>Means over customers with 95 % bootstrap intervals; rows in grey are others', with their"
            " source: those measured before are of other code on these very files.</p>"
        ),
        render_rows(data, results, content.published),
        render_legend(describe_columns(data)),
        "<h2>Rows without figures</h2>" + render_legend(content.absent) if content.absent else "",
        "<h2>Against the best single recommender</h2>",
        "<p>Paired, customer by customer, with 95 % intervals.</p>",
        *[render_lifts(results, task, metric) for task, metric in data.columns if metric.startswith("ndcg")],
    ]
    tasks = [
        task for task in data.tasks if any(summary[task]["n_customers"] for summary in summaries.values())
    ]
    for task in tasks:
        is_first = task == tasks[0]  # one legend is enough
        parts += [
            f"<h2>Beyond accuracy: {task}</h2>",
            render_beyond_accuracy(task, summaries),
            render_legend(explain_column_names(WHOLE)) if is_first else "",
        ]
        parts += [
            f"<h2>By slice: {task}</h2>",
            (
                f"<p>NDCG@{data.ks[0]}; customers who count below each"
                f" name.{escape(SLICES) if is_first else ''}</p>"
            ),
            render_slices(task, summaries),
        ]
    return render_report(title, parts, STYLE)


def render_rows(data: Dataset, results: Sequence[RowResult], published: Sequence[PublishedRow]) -> str:
    """Ours and theirs in one order: by the first column, the best first."""
    names = [f"{task} {metric}" if len(data.tasks) > 1 else metric for task, metric in data.columns]
    lines = []
    for result in results:
        means = [read_metric(result.found, task, metric) for task, metric in data.columns]
        spans = [format_interval(result, task, metric) for task, metric in data.columns]
        costs = [f"{result.took['fit']:.1f}", f"{result.took['rank']:.1f}", f"{result.took['mib']:,.0f}"]
        described = escape(result.row.chosen) + (f": {escape(result.row.said)}" if result.row.said else "")
        described += "".join(f"<br><strong>{escape(words)}</strong>" for words in result.warnings)
        cells = [f"{format_value(mean)}{span}" for mean, span in zip(means, spans, strict=True)]
        lines.append(
            (
                build_sort_key(means),
                render_table_row([escape(result.row.name), *cells, *costs, described], len(cells) + 3),
            )
        )
    for other in published:
        cells = [format_value(value) for value in other.figures]
        lines.append(
            (
                build_sort_key(other.figures),
                render_table_row(
                    [escape(other.name), *cells, "", "", "", escape(other.source)], len(cells) + 3, "theirs"
                ),
            )
        )
    ordered = [html for _, html in sorted(lines, key=lambda each: each[0], reverse=True)]
    return render_table(
        ["", *names, "fit, s", "rank, s", "MiB", "chosen on, or source"], ordered, len(names) + 3
    )


def render_legend(lines: Mapping[str, str]) -> str:
    """What names of columns mean, below their table."""
    return (
        "<dl>"
        + "".join(f"<dt>{escape(name)}</dt><dd>{escape(words)}</dd>" for name, words in lines.items())
        + "</dl>"
    )


def build_sort_key(figures: Sequence[float]) -> list[float]:
    return [-1.0 if np.isnan(value) else value for value in figures]


def format_interval(result: RowResult, task: str, metric: str) -> str:
    """` [low, high]`, small; nothing where nobody counts."""
    _, low, high = bootstrap_interval(result.found.figures[task][metric])
    return "" if np.isnan(low) else f" <small>[{format_value(low)}, {format_value(high)}]</small>"


def render_lifts(results: Sequence[RowResult], task: str, metric: str) -> str:
    row_lifts = compute_lifts(results, task, metric)
    if not row_lifts:
        return ""
    lines = [
        render_table_row(
            [escape(each.name), f"{each.mean:+.4f} <small>[{each.low:+.4f}, {each.high:+.4f}]</small>"], 1
        )
        for each in row_lifts
    ]
    return render_table([f"{task} {metric}", f"over {row_lifts[0].over}"], lines, 1)


def render_beyond_accuracy(task: str, summaries: Mapping[str, Any]) -> str:
    lines = []
    for name, by_task in summaries.items():
        of_task = by_task[task]
        figures = [
            of_task[metric]["mean"] if isinstance(of_task[metric], dict) else of_task[metric]
            for metric in WHOLE
        ]
        if of_task["n_customers"]:
            lines.append(
                render_table_row(
                    [escape(name), *(format_value(np.nan if value is None else value) for value in figures)],
                    len(WHOLE),
                )
            )
    return render_table(["", *WHOLE], lines, len(WHOLE))


def render_slices(task: str, summaries: Mapping[str, Any]) -> str:
    with_customers = {
        name: summary[task] for name, summary in summaries.items() if summary[task]["n_customers"]
    }
    if not with_customers:
        return ""
    parts = next(iter(with_customers.values()))["slices"]
    names = [
        f"{escape(part)}<br><small>{of_part['n_customers']:,}</small>" for part, of_part in parts.items()
    ]
    lines = []
    for name, of_task in with_customers.items():
        means = [of_task["slices"][part]["ndcg"]["mean"] for part in parts]
        lines.append(
            render_table_row(
                [escape(name), *(format_value(np.nan if mean is None else mean) for mean in means)],
                len(means),
            )
        )
    return render_table(["", *names], lines, len(names))


def render_table_row(cells: Sequence[str], numbers: int, kind: str = "") -> str:
    """A row; the first cell is its name, then come `numbers` figures, then words."""
    tags = ["first", *["n"] * numbers, *[""] * (len(cells) - 1 - numbers)]
    inner = "".join(f'<td class="{tag}">{cell}</td>' for tag, cell in zip(tags, cells, strict=True))
    return f'<tr class="{kind}">{inner}</tr>'


def render_table(head: Sequence[str], lines: Sequence[str], numbers: int) -> str:
    """A table that scrolls sideways where the page is narrow."""
    tags = ["first", *["n"] * numbers, *[""] * (len(head) - 1 - numbers)]
    names = "".join(f'<th class="{tag}">{name}</th>' for tag, name in zip(tags, head, strict=True))
    return f'<div class="wide"><table><tr>{names}</tr>\n' + "\n".join(lines) + "\n</table></div>"
