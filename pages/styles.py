"""The style sheets of this package as text."""

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
SHEETS = ("tokens.css", "charts.css", "report.css")


@cache
def read_style(name: str) -> str:
    """One of `SHEETS`."""
    return (FOLDER / name).read_text(encoding="utf-8")
