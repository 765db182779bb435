"""One blueprint a feature. A view reads: parse, ask the service, answer."""

import orjson
from flask import Response, current_app, request
from werkzeug.routing import BaseConverter

from serving_app.http.json_body import parse_json
from serving_app.http.problems import BadRequest, NotJson
from serving_app.recommendations.service import Service


class Anything(BaseConverter):
    """A part of a path that may hold slashes, at its beginning too, and dots; in a request each may be
    percent-encoded.
    """

    regex, part_isolating, weight = "(?s:.+?)", False, 200


def service() -> Service:
    """The app's service."""
    return current_app.extensions["concierge"]


def answer(body: dict | list, status: int = 200, **headers: str) -> Response:
    """A JSON answer. Never kept by anyone on the way: it was made for one visitor at one moment."""
    every = {"Cache-Control": "no-store", **headers}
    return Response(orjson.dumps(body), status, mimetype="application/json", headers=every)


def is_shown() -> bool:
    """Whether whoever asks will see the answer's body: with HEAD there is none."""
    return request.method != "HEAD"


def arguments() -> dict[str, str]:
    """The query's parameters.

    Raises:
        BadRequest: one is given twice, so it is unclear which is meant.
    """
    given = request.args.to_dict(flat=False)
    twice = sorted(name for name, values in given.items() if len(values) > 1)
    if twice:
        raise BadRequest(f"{', '.join(twice)} given more than once")
    return {name: values[0] for name, values in given.items()}


def body() -> dict:
    """The request's JSON object.

    Raises:
        BadRequest: it cannot be read, or is no object.
        NotJson: its media type is another one.
    """
    if not request.is_json:
        raise NotJson("the body must be JSON: send it with Content-Type: application/json")
    value = parse_json(request.get_data())
    if not isinstance(value, dict):
        raise BadRequest("the body must be a JSON object")
    return value
