"""What views of segments read of a request: a definition's text, and whether customers may be named."""

from flask import request

from serving_app.http.auth import get_caller
from serving_app.http.problems import BadRequest, NotJson
from serving_app.segments.schemas import YAML_TYPES


def read_definition_text() -> str:
    """The body, a definition in YAML or JSON: what is JSON is YAML too, so mistakes have lines and columns.

    Raises:
        NotJson: its media type is another one.
        BadRequest: it is not UTF-8.
    """
    if not request.is_json and request.mimetype not in YAML_TYPES:
        raise NotJson("the body must be a definition: Content-Type application/yaml or application/json")
    try:
        return request.get_data().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadRequest(f"the body is not understood: byte {error.start} is not UTF-8") from error


def may_see_customers() -> bool:
    """Whether the caller's key may see who customers are."""
    return get_caller().may("profiles", is_for_browsers=False)
