"""The answers as one HTML page that needs no other file."""

from collections.abc import Mapping
from html import escape

import pyarrow as pa

from operate.insights.pictures import draw_answer, format_name
from operate.insights.questions import QUESTIONS, Question
from pages.formats import format_value
from pages.reports import render_image, render_report, render_table

MOST_ROWS = 25  # of an answer's table; its picture shows more


def render_page(title: str, answers: Mapping[str, pa.Table]) -> str:
    """The page as HTML; a question without rows says so."""
    contents = "\n".join(
        f'<li><a href="#{question.name}">{escape(question.read()[0])}</a></li>' for question in QUESTIONS
    )
    parts = [
        f"<h1>{escape(title)}</h1>",
        "<p>Each question is a dbt analysis of its name in <code>dbt_project/analyses/</code>. Amounts are in"
        " the currency of most orders; others are counted and not added. Days and hours of orders are"
        " those of the shop's time zone.</p>",
        f"<nav><ol>{contents}</ol></nav>",
        *(render_question(question, answers[question.name]) for question in QUESTIONS),
    ]
    return render_report(title, parts)


def render_question(question: Question, answer: pa.Table) -> str:
    """A question with its picture and its table, which is folded where there is a picture."""
    asked, note = question.read()
    parts = [f'<h2 id="{question.name}">{escape(asked)}</h2>']
    parts += [f'<p class="why">{escape(note)}</p>'] if note else []
    if not answer.num_rows:
        return "\n".join([*parts, "<p>Nothing to show: this shop has no such rows.</p>"])
    table = render_answer(answer)
    if question.picture is None:
        return "\n".join([*parts, table])
    picture = render_image(draw_answer(answer, question.picture), asked)
    return "\n".join([*parts, picture, f"<details><summary>as a table</summary>{table}</details>"])


def render_answer(answer: pa.Table) -> str:
    """The first rows of an answer as a table."""
    rows = answer.slice(0, MOST_ROWS).to_pylist()
    numbers = [
        place
        for place, field in enumerate(answer.schema)
        if pa.types.is_integer(field.type)
        or pa.types.is_floating(field.type)
        or pa.types.is_decimal(field.type)
    ]
    table = render_table(
        [escape(format_name(name)) for name in answer.column_names],
        [[escape(format_value(value)) for value in row.values()] for row in rows],
        numbers,
    )
    left = answer.num_rows - len(rows)
    return table + (f"<p class='why'>{left:,} more rows</p>" if left else "")
