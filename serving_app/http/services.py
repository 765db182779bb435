"""The one way from a view to the services of its app."""

from collections.abc import Iterable
from typing import TypeVar

from flask import Flask, current_app

EXTENSION = "concierge"
S = TypeVar("S")


def register_services(app: Flask, services: Iterable[object]) -> None:
    """Let the views of an app find these services, each by its class."""
    app.extensions[EXTENSION] = {type(service): service for service in services}


def get_service(service_class: type[S]) -> S:
    """The service of this class in the app that answers the current request."""
    return current_app.extensions[EXTENSION][service_class]
