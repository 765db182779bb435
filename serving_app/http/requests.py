"""What views read of a request: query parameters, a JSON body, a path that may hold slashes."""

from collections.abc import Iterable
from urllib.parse import parse_qsl

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
    return require_each_once(request.args.items(multi=True))


def parse_parameters(query: str) -> dict[str, str]:
    """As `read_query_parameters`, of a query's text."""
    # the handler is werkzeug's: bytes that are not UTF-8 stay encoded
    return require_each_once(parse_qsl(query, keep_blank_values=True, errors="werkzeug.url_quote"))


def require_each_once(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Values by name.

    Raises:
        BadRequest: a name comes twice.
    """
    values, repeated = {}, set()
    for name, value in pairs:
        if name in values:
            repeated.add(name)
        values[name] = value
    if repeated:
        raise BadRequest(f"{', '.join(sorted(repeated))} given more than once")
    return values


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
