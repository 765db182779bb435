"""`create_app` makes the WSGI app of one worker from its settings and stores."""

import random
from collections.abc import Callable
from datetime import UTC, datetime

from flask import Flask

from expectations.contracts.home import HomePaths
from serving_app.catalogue import views as catalogue
from serving_app.catalogue.search import ItemSearch
from serving_app.catalogue.service import CatalogueService
from serving_app.console.pages import make_services, register_console
from serving_app.demo import views as demo
from serving_app.demo.service import DemoShop
from serving_app.http import docs_page, openapi
from serving_app.http.access import register_access
from serving_app.http.access_log import AccessLog
from serving_app.http.compression import register_compression
from serving_app.http.dispatch import ServiceApp
from serving_app.http.error_handlers import register_error_handlers
from serving_app.http.observation import register_observation
from serving_app.http.requests import AnyPathConverter
from serving_app.http.services import register_services
from serving_app.identity import views as identity
from serving_app.identity.identifiers import IdentifierResolver
from serving_app.identity.service import IdentityService
from serving_app.identity.store import DecisionFile
from serving_app.intake import views as intake
from serving_app.intake import webhook_views as webhooks
from serving_app.intake.event_keys import make_key_finder
from serving_app.intake.permissions import PermissionWriter
from serving_app.intake.service import IntakeService
from serving_app.intake.webhook_service import Webhooks, WebhookService
from serving_app.intake.writer import EventWriter
from serving_app.keys.rate_limits import RateLimits
from serving_app.keys.user_tokens import UserTokens
from serving_app.memberships.readings import make_readings as make_membership_readings
from serving_app.overrides import views as overrides
from serving_app.overrides.audit_service import AuditService
from serving_app.overrides.builder import OverrideBuilder
from serving_app.overrides.service import OverrideService
from serving_app.overrides.writing import OverrideWriter
from serving_app.profiles import views as profiles
from serving_app.profiles.service import ProfileService
from serving_app.recommendations import views as recommendations
from serving_app.recommendations.placements import Placements
from serving_app.recommendations.preview import ListPreview
from serving_app.recommendations.segment_uses import SegmentUses
from serving_app.recommendations.service import RecommendationService
from serving_app.segments import draft_views as drafts
from serving_app.segments import views as segments
from serving_app.segments.definitions import Definitions
from serving_app.segments.drafting import DraftService
from serving_app.segments.live_answers import LiveAnswers
from serving_app.segments.naming import NamingRules
from serving_app.segments.publishing import PublishingService
from serving_app.segments.service import SegmentService
from serving_app.segments.warehouse import SegmentWarehouse
from serving_app.settings import Settings
from serving_app.snippet import script as snippet
from serving_app.status import lake_readings
from serving_app.status import views as status
from serving_app.status.build import hash_service_code
from serving_app.status.metrics import MetricsService
from serving_app.status.service import StatusService
from serving_app.storage.shop_calendar import ShopCalendar
from serving_app.stores import Stores, open_stores
from serving_app.timelines import views as timelines
from serving_app.timelines.service import TimelineService
from serving_app.triggers import views as triggers
from serving_app.triggers.endpoints import Endpoints
from serving_app.triggers.readings import make_readings
from serving_app.triggers.service import StreamService
from serving_app.visitors.service import VisitorResolver

FEATURES = (
    recommendations,
    profiles,
    intake,
    webhooks,
    overrides,
    catalogue,
    identity,
    segments,
    drafts,
    timelines,
    triggers,
    status,
    openapi,
    docs_page,
    snippet,
)  # in openapi.json's order
MAX_BODY_BYTES = 64 << 10
SEGMENT_SECONDS = 5.0  # for an answer about segments, and about what happened to a customer
TIMELINE_PATIENCE = 2.0  # for another timeline to be read before, which takes a tenth of a second


def get_utc_now() -> datetime:
    """The service's clock; a test has its own."""
    return datetime.now(UTC)


def make_request_id() -> str:
    """A random id for a request, in the form of a UUID of version 4; it is no secret, and `os.urandom` has a
    thread wait for its turn.
    """
    digits, variant = f"{random.getrandbits(124):031x}", "89ab"[random.getrandbits(2)]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[12:15]}-{variant}{digits[16:19]}-{digits[19:]}"


def list_logs_elsewhere(settings: Settings) -> list[str]:
    """The logs that are topics, and no files of the home."""
    are_topics = {"event_log": settings.events != "log", "transitions": settings.memberships == "stream"}
    return [name for name, is_topic in are_topics.items() if is_topic]


def create_app(
    settings: Settings,
    stores: Stores | None = None,
    *,
    clock: Callable[[], datetime] = get_utc_now,
    new_id: Callable[[], str] = make_request_id,
    access_log: AccessLog | None = None,
) -> Flask:
    """The WSGI app of one worker.

    Args:
        settings: where its home is and who its operator is.
        stores: None for those of the home on disk.
        clock: what time it is.
        new_id: makes ids of requests and overrides.
        access_log: None for none.
    """
    stores, paths = stores or open_stores(settings, clock), HomePaths(settings.home)
    visitors = VisitorResolver(stores.restrictions, settings.sources, settings.identity_key)
    identifiers = IdentifierResolver(settings.sources, settings.identity_key)
    placements = Placements(settings.home)
    declared_webhooks = Webhooks(settings.home, settings.webhook_secrets)
    endpoints = Endpoints(settings.home, settings.trigger_secrets)
    checked = (
        stores.snapshots,
        stores.restrictions,
        stores.overrides,
        stores.impressions,
        stores.keys,
        stores.live,
        stores.events,
        stores.item_changes,
        stores.memberships.nights,
        placements,
        declared_webhooks,
        endpoints,
    )
    preview = ListPreview(stores, visitors, placements)
    builder = OverrideBuilder(visitors, new_id, stores.memberships.nights.lives)
    changes = OverrideWriter(stores.overrides, stores.snapshots, clock, preview.compare)
    tokens = UserTokens(settings.user_token_secrets, clock)
    permissions = PermissionWriter(stores.restrictions, stores.snapshots, settings.identity_key)
    find_key = None if settings.events == "log" else make_key_finder(settings.identity_key)
    writer = EventWriter(stores.events, stores.live, permissions, find_key)
    intake_service = IntakeService(
        writer, stores.snapshots, tokens, clock, new_id, ShopCalendar(settings.home, stores.snapshots)
    )
    definitions = Definitions(settings.home)
    segment_service = SegmentService(
        SegmentWarehouse(settings.home, SEGMENT_SECONDS, settings.segment_limits),
        definitions,
        stores.snapshots,
        NamingRules(stores.snapshots, stores.restrictions),
        visitors,
        LiveAnswers(stores.memberships.present, stores.live, clock, SEGMENT_SECONDS),
    )
    build, limits = hash_service_code(), RateLimits(settings.key_rate, settings.workers)
    app = ServiceApp(__name__, static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=MAX_BODY_BYTES, CONCIERGE=settings)
    services = (
        RecommendationService(stores, visitors, placements, clock, new_id),
        ProfileService(
            stores.snapshots, stores.live, stores.restrictions, visitors, stores.memberships.shown, clock
        ),
        OverrideService(stores.overrides, stores.snapshots, builder, changes, clock),
        AuditService(stores.overrides, stores.snapshots, builder, changes, clock),
        CatalogueService(stores.item_changes, stores.restrictions, stores.snapshots, clock),
        ItemSearch(stores.snapshots),
        IdentityService(stores.snapshots, DecisionFile(settings.home), identifiers, clock),
        segment_service,
        DraftService(
            definitions,
            segment_service,
            SegmentUses(stores.overrides, stores.snapshots, clock),
            clock,
            new_id,
            settings.segment_approval_share,
        ),
        TimelineService(
            stores,
            SegmentWarehouse(settings.home, SEGMENT_SECONDS, patience_seconds=TIMELINE_PATIENCE),
            visitors,
            paths,
            clock,
            list_logs_elsewhere(settings),
        ),
        PublishingService(definitions, segment_service, clock, settings.segment_approval_share),
        intake_service,
        WebhookService(declared_webhooks, intake_service, settings.sources, clock),
        StreamService(settings, stores.keys, clock),
        StatusService(stores.snapshots, stores.impressions, checked, build, clock),
        MetricsService(
            stores.snapshots,
            checked,
            paths.event_log,
            clock,
            paths.spool,
            {
                **lake_readings.make_readings(paths.stream_progress, clock),
                **make_membership_readings(stores.memberships.keeper),
                **make_readings(paths.notification_queues, clock),
            },
        ),
        openapi.ApiDescription(app, build),
        DemoShop(stores.snapshots, paths.demo, settings.user_token_secrets, clock),
    )
    services += make_services(settings, stores, limits, clock, services)
    register_observation(app, clock, access_log)
    register_services(app, services)
    register_error_handlers(app)
    register_compression(app)
    app.url_map.merge_slashes = False  # it answers `//v1` by a redirect to whatever host the request names
    app.url_map.converters["anything"] = AnyPathConverter
    app.url_map.redirect_defaults = False  # a second path of a view answers itself
    for feature in (*FEATURES, *([demo] if settings.has_demo else [])):
        app.register_blueprint(feature.bp)
    register_console(app)
    register_access(app, stores.keys, tokens, limits, clock)
    return app
