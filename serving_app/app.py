"""`create_app` makes the WSGI app of one worker from its settings and stores."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from flask import Flask

from expectations.contracts import restrictions_store
from serving_app.http import compression, openapi_view, problems
from serving_app.http.requests import Anything
from serving_app.identity import views as identity
from serving_app.identity.service import Identity
from serving_app.overrides import views as overrides
from serving_app.overrides.index import OverrideStore
from serving_app.overrides.store import KeptOverrides
from serving_app.profiles import views as profiles
from serving_app.recommendations import views as recommendations
from serving_app.recommendations.service import Service
from serving_app.settings import Settings
from serving_app.status import views as status
from serving_app.status.build import build
from serving_app.storage.append_log import FOLDER, DecisionLog
from serving_app.storage.published_snapshots import PublishedSnapshots
from serving_app.storage.restrictions import LmdbRestrictions, RestrictionStore
from serving_app.storage.snapshots import SnapshotStore

BLUEPRINTS = (recommendations, profiles, overrides, identity, status, openapi_view)
MAX_BODY_BYTES = 64 << 10
PATIENCE_SECONDS = (
    0.25  # for a new snapshot to be copied and verified, before an answer is made from the one before
)


def now() -> datetime:
    """The service's clock; a test brings its own."""
    return datetime.now(UTC)


def new_id() -> str:
    """A request's id, unlike any other."""
    return str(uuid.uuid4())


def create_app(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = now,
    new_id: Callable[[], str] = new_id,
    snapshots: SnapshotStore | None = None,
    override_store: OverrideStore | None = None,
    restrictions: RestrictionStore | None = None,
) -> Flask:
    """The WSGI app of one worker.

    Args:
        settings: where its home is and who its operator is.
        clock: what time it is.
        snapshots, override_store, restrictions: other stores than the home's, such as their twins in memory.
    """
    app = Flask(__name__, static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=MAX_BODY_BYTES, CONCIERGE=settings, BUILD=build())
    serving = settings.home / "serving"
    log = DecisionLog(serving / FOLDER, clock, lambda: f"{clock():%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:12]}")
    snapshots = snapshots or PublishedSnapshots(settings.home, PATIENCE_SECONDS)
    app.extensions["concierge"] = Service(
        snapshots=snapshots,
        overrides=override_store or KeptOverrides(settings.home),
        restrictions=restrictions or LmdbRestrictions(settings.home / restrictions_store.FOLDER),
        log=log,
        clock=clock,
        new_id=new_id,
        sources=settings.sources,
        identity_key=settings.identity_key,
        withholds_unlogged=settings.withholds_unlogged,
    )
    app.extensions["concierge-identity"] = Identity(
        snapshots, settings.home, settings.sources, settings.identity_key, clock
    )
    problems.register(app)
    compression.register(app)
    app.url_map.converters["anything"] = Anything
    for feature in BLUEPRINTS:
        app.register_blueprint(feature.bp)
    return app
