"""What the views of overrides read of a request beside its body, and the answer with an override."""

from flask import Response

from serving_app.http.auth import get_caller
from serving_app.http.requests import read_if_match
from serving_app.http.responses import make_json_response
from serving_app.overrides.service import WriteOptions


def read_write_options() -> WriteOptions:
    """Which version the request means, and by which key it asks."""
    return WriteOptions(read_if_match(), get_caller().name)


def make_override_response(override: dict, status: int = 200, **headers: str) -> Response:
    """The answer with an override; its version is its ETag."""
    return make_json_response(override, status, ETag=f'"{override["version"]}"', **headers)
