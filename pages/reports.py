"""Pages that need no other file: reports of nights, answers, benchmarks."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape

from pages.styles import read_style

REPORT_STYLES = ("tokens.css", "report.css", "charts.css")


def render_report(title: str, parts: Iterable[str], style: str = "") -> str:
    """A whole page; its parts are HTML already.

    Args:
        style: rules of this report's own.
    """
    about = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    styles = "".join(map(read_style, REPORT_STYLES))
    return (
        f'<!doctype html>\n<html lang="en"><head>{about}<title>{escape(title)}</title>'
        f"<style>{styles}{style}</style></head><body>\n" + "\n".join(parts) + "\n</body></html>\n"
    )


def render_table(headings: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    """An HTML table; cells are HTML already.

    Args:
        numbers: the columns that hold numbers, from 0.
    """

    def render_row(cells: Sequence[str], tag: str) -> str:
        return (
            "<tr>"
            + "".join(f"<{tag}{' class=n' * (i in numbers)}>{cell}</{tag}>" for i, cell in enumerate(cells))
            + "</tr>"
        )

    body = "\n".join(render_row(cells, "td") for cells in rows)
    return f"<table>{render_row(headings, 'th')}\n{body}</table>"


def render_image(png: bytes, alt_text: str) -> str:
    """A picture that stands in the page itself."""
    return f'<img alt="{escape(alt_text)}" src="data:image/png;base64,{b64encode(png).decode()}">'
