"""What views read of a request: query parameters, a JSON body, a path that may hold slashes."""

from flask import request
from werkzeug.routing import BaseConverter

from serving_app.http.json_body import parse_json
from serving_app.http.problems import BadRequest, NotJson


class AnyPathConverter(BaseConverter):
    """`<anything:name>` in a route: a part of a path that may hold slashes, at its beginning too, and dots;
    in a request each may be percent-encoded.
    """

    regex, part_isolating, weight = "(?s:.+?)", False, 200


def is_body_wanted() -> bool:
    """Whether the client will see the answer's body: with HEAD there is none."""
    return request.method != "HEAD"


def read_query_parameters() -> dict[str, str]:
    """The query's parameters by name.

    Raises:
        BadRequest: one is given twice, so it is unclear which is meant.
    """
    parameters = request.args.to_dict(flat=False)
    repeated = sorted(name for name, values in parameters.items() if len(values) > 1)
    if repeated:
        raise BadRequest(f"{', '.join(repeated)} given more than once")
    return {name: values[0] for name, values in parameters.items()}


def read_if_match() -> frozenset[str] | None:
    """The ETags that the request says its resource must have one of; `*` is any; None: it says nothing."""
    if "If-Match" not in request.headers:
        return None
    tags = request.if_match
    return frozenset({"*"} if tags.star_tag else tags.as_set())


def read_json_object() -> dict:
    """The request's body, one JSON object.

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
