"""`GET /healthz`: the process answers. `GET /readyz`: it has something to serve; a contract for whoever routes traffic to it."""

from flask import Blueprint, Response, current_app

from serving_app.errors import NotReady
from serving_app.routes import answer, service
from serving_app.service import age_seconds

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def healthz() -> Response:
    return answer({"status": "ok"})


@bp.get("/readyz")
def readyz() -> Response:
    asked, build = service(), current_app.config["BUILD"]
    problem, snapshot = asked.snapshots.problem() or asked.log.problem, asked.snapshots.current()
    if problem or snapshot is None:
        serving = {"snapshot": snapshot.name, "model_version": snapshot.meta.model_version} if snapshot else {}
        raise NotReady(problem or "nothing has been published yet", build=build, **serving)
    meta = snapshot.meta
    return answer(
        {
            "status": "ready", "build": build, "model_version": meta.model_version, "snapshot": snapshot.name,
            "landing_date": meta.landing_date, "published_at": meta.published_at,
            "age_seconds": age_seconds(snapshot, asked.clock()),
        }
    )  # fmt: skip
