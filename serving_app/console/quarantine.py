"""What was refused and why, with masked samples."""

from flask import Response

from serving_app.console.blueprint import bp, console_page
from serving_app.console.quarantine_service import QuarantineService, count_records
from serving_app.console.rendering import render
from serving_app.http.services import get_service


@bp.get("/quarantine")
@console_page("admin")
def get_quarantine() -> Response:
    """Refused records by feed and reason."""
    service = get_service(QuarantineService)
    groups = service.list_groups()
    n, chart = count_records(groups), service.draw_days() if groups else ""
    return render("console/quarantine.html", groups=groups, n_records=n, days_chart=chart)


@bp.get("/quarantine/<source>/<entity>/<reason>")
@console_page("admin")
def get_quarantine_samples(source: str, entity: str, reason: str) -> Response:
    """The newest of them, without anybody's values."""
    samples = get_service(QuarantineService).list_samples(source, entity, reason)
    return render(
        "console/quarantine_samples.html", samples=samples, source=source, entity=entity, reason=reason
    )
