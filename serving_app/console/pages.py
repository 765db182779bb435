"""All pages of the console: importing this registers them. A new module of pages is named here."""

from collections.abc import Callable, Iterable
from datetime import datetime

from flask import Flask

from serving_app.console import (
    customer_lists,
    customers,
    entrance,
    events,
    figures,
    models,
    nights,
    override_forms,
    overrides,
    quarantine,
    reviews,
    segment_builder,
    segment_drafts,
    segments,
)
from serving_app.console.blueprint import bp
from serving_app.console.event_service import EventTailService
from serving_app.console.figure_service import FigureService
from serving_app.console.live_figure_service import LiveFigureService
from serving_app.console.model_service import ModelService
from serving_app.console.night_service import NightService
from serving_app.console.quarantine_service import QuarantineService
from serving_app.console.rendering import prepare_templates
from serving_app.console.segment_turns import SegmentTurns
from serving_app.console.shop_facts import ShopFacts
from serving_app.console.sign_in import ConsoleSessions
from serving_app.identity.service import IdentityService
from serving_app.keys.rate_limits import RateLimits
from serving_app.recommendations.placements import Placements
from serving_app.segments.service import SegmentService
from serving_app.segments.warehouse import SegmentWarehouse
from serving_app.settings import Settings
from serving_app.stores import Stores

SUBJECTS = (
    entrance,
    nights,
    models,
    segments,
    segment_builder,
    segment_drafts,
    customers,
    customer_lists,
    overrides,
    override_forms,
    reviews,
    events,
    quarantine,
    figures,
)
WAREHOUSE_SECONDS = 5.0  # for what one page asks the warehouse


def make_services(
    settings: Settings,
    stores: Stores,
    limits: RateLimits,
    clock: Callable[[], datetime],
    features: Iterable[object],
) -> tuple[object, ...]:
    """What the pages ask, beside the services of the features.

    Args:
        features: these services.
    """
    by_class = {type(service): service for service in features}
    return (
        ConsoleSessions(settings, stores.keys, limits, clock),
        NightService(settings.home, by_class[IdentityService]),
        ModelService(settings.home),
        EventTailService(settings, stores.snapshots, clock),
        QuarantineService(settings.home),
        LiveFigureService(settings, stores.snapshots),
        FigureService(SegmentWarehouse(settings.home, WAREHOUSE_SECONDS), stores.snapshots),
        SegmentTurns(settings.home, has_files=settings.memberships != "stream"),
        ShopFacts(stores.snapshots, Placements(settings.home), by_class[SegmentService]),
    )


def register_console(app: Flask) -> None:
    """Let an app show the console."""
    prepare_templates(app)
    app.register_blueprint(bp)
