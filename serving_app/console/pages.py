"""All pages of the console: importing this registers them. A new module of pages is named here."""

from collections.abc import Callable
from datetime import datetime

from flask import Flask

from serving_app.console import entrance, nights
from serving_app.console.blueprint import bp
from serving_app.console.night_service import NightService
from serving_app.console.rendering import prepare_templates
from serving_app.console.sign_in import ConsoleSessions
from serving_app.keys.rate_limits import RateLimits
from serving_app.settings import Settings
from serving_app.stores import Stores

SUBJECTS = (entrance, nights)


def make_services(
    settings: Settings, stores: Stores, limits: RateLimits, clock: Callable[[], datetime]
) -> tuple[object, ...]:
    """What the pages ask, beside the services of the features."""
    return ConsoleSessions(settings, stores.keys, limits, clock), NightService(settings.home)


def register_console(app: Flask) -> None:
    """Let an app show the console."""
    prepare_templates(app)
    app.register_blueprint(bp)
