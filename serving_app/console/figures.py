"""Key figures by placement: what was shown, clicked, bought, and which lists were fallbacks."""

from flask import Response, request

from serving_app.console.blueprint import bp, console_page
from serving_app.console.figure_records import draw_charts
from serving_app.console.figure_service import SPANS, FigureService
from serving_app.console.live_figure_service import LiveFigureService
from serving_app.console.rendering import render
from serving_app.http.services import get_service


@bp.get("/figures")
@console_page("metrics")
def get_figures() -> Response:
    """The figures of the last days."""
    asked = request.args.get("days", type=int)
    n_days = asked if asked in SPANS else SPANS[1]
    figures = get_service(FigureService).read_figures(n_days)
    now = get_service(LiveFigureService).read_figures()
    return render(
        "console/figures.html", figures=figures, n_days=n_days, now=now, charts=draw_charts(figures)
    )


@bp.get("/figures/now")
@console_page("metrics")
def get_figures_now() -> Response:
    """The figures since the last night: a part of that page, which asks for it every few seconds."""
    return render("console/figures_now.html", now=get_service(LiveFigureService).read_figures())
