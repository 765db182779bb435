"""`GET /healthz`: the process answers. `GET /readyz`: it has something to serve; a contract for whoever
routes traffic to it.

Something intact is served: 200, `degraded` where it is not all that it should be, and `problems` say what.
Nothing is: 503.
"""

from flask import Blueprint, Response, current_app

from serving_app.http.problems import NotReady
from serving_app.http.requests import answer, service
from serving_app.recommendations.service import age_seconds

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def healthz() -> Response:
    return answer({"status": "ok"})


@bp.get("/readyz")
def readyz() -> Response:
    asked, build = service(), current_app.config["BUILD"]
    problems, snapshot = asked.problems(), asked.snapshots.current()
    if snapshot is None or asked.is_blank:
        serving = (
            {"snapshot": snapshot.name, "model_version": snapshot.meta.model_version} if snapshot else {}
        )
        raise NotReady("; ".join(problems), build=build, **serving)
    meta = snapshot.meta
    return answer(
        {
            "status": "degraded" if problems else "ready",
            "problems": problems,
            "build": build,
            "model_version": meta.model_version,
            "snapshot": snapshot.name,
            "landing_date": meta.landing_date,
            "published_at": meta.published_at,
            "age_seconds": age_seconds(snapshot, asked.clock()),
            "n_unlogged": asked.log.n_unlogged,
        }
    )
