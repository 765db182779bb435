"""Key figures by placement: what was shown, clicked, bought, and which lists were fallbacks."""

from flask import Response, request

from serving_app.console.blueprint import bp, console_page
from serving_app.console.figure_records import draw_clicks, draw_fallbacks, draw_impressions, draw_revenue
from serving_app.console.figure_service import SPANS, FigureService
from serving_app.console.rendering import render
from serving_app.http.services import get_service


@bp.get("/figures")
@console_page("metrics")
def get_figures() -> Response:
    """The figures of the last days."""
    asked = request.args.get("days", type=int)
    n_days = asked if asked in SPANS else SPANS[1]
    figures = get_service(FigureService).read_figures(n_days)
    charts = {
        "Items shown": draw_impressions(figures),
        "Click rate": draw_clicks(figures),
        "Revenue of listed items": draw_revenue(figures),
        "Where lists came from": draw_fallbacks(figures),
    }
    return render("console/figures.html", figures=figures, n_days=n_days, spans=SPANS, charts=charts)
