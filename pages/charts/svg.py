"""The elements that charts are made of."""

from collections.abc import Iterable
from html import escape

WIDTH = 400  # units of a chart; on a phone of 390 pixels one unit is nearly one pixel


def render_chart(label: str, width: float, height: float, parts: Iterable[str], kind: str = "") -> str:
    """The whole drawing.

    Args:
        label: what it shows, in words, for those who do not see it.
        kind: a further class.
    """
    return (
        f'<svg class="chart{f" {kind}" if kind else ""}" viewBox="0 0 {width:g} {height:g}" role="img"'
        f' aria-label="{escape(label)}" xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def write_text(x: float, y: float, text: str, classes: str = "") -> str:
    """A text whose left end lies at x; with the class `end` its right one, with `middle` its middle."""
    return f'<text x="{x:g}" y="{y:g}"{_classes(classes)}>{escape(text)}</text>'


def draw_segment(start: tuple[float, float], end: tuple[float, float], classes: str) -> str:
    """A straight line."""
    (x1, y1), (x2, y2) = start, end
    return f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}"{_classes(classes)}/>'


def draw_box(corner: tuple[float, float], size: tuple[float, float], classes: str, title: str = "") -> str:
    """A box; `title` is what it stands for."""
    (x, y), (width, height) = corner, size
    about = f"<title>{escape(title)}</title>" if title else ""
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{max(width, 0):g}" height="{max(height, 0):g}"'
        f"{_classes(classes)}>{about}</rect>"
    )


def draw_dot(x: float, y: float, classes: str, title: str, radius: float = 2.5) -> str:
    """A dot; `title` is what it stands for."""
    return (
        f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}"{_classes(classes)}>'
        f"<title>{escape(title)}</title></circle>"
    )


def draw_path(points: Iterable[tuple[float, float]], classes: str, closed_at: float | None = None) -> str:
    """A line through points; `closed_at` is the height down to which the area below is closed."""
    points = list(points)
    if not points:
        return ""
    steps = [f"{'M' if number == 0 else 'L'}{x:g} {y:g}" for number, (x, y) in enumerate(points)]
    if closed_at is not None:
        steps += [f"L{points[-1][0]:g} {closed_at:g}", f"L{points[0][0]:g} {closed_at:g}", "Z"]
    return f'<path d="{"".join(steps)}"{_classes(classes)}/>'


def _classes(names: str) -> str:
    return f' class="{names}"' if names else ""
