"""Strict parsing of JSON that a client sends: a flaw is a 400 that says where it is and what is allowed."""

import json
from typing import Any, NoReturn

from serving_app.http.problems import BadRequest

ALLOWED = "it must be one JSON object, in UTF-8, with each name once"


def parse_json(data: bytes) -> Any:
    """The value that the bytes of a request's body hold.

    Python's own parser and not orjson: only it reports repeated names, of which one would win silently.

    Raises:
        BadRequest: it is not UTF-8 or not JSON, an object names something twice, or it nests deeper or holds
            a longer number than can be read (some 1,000 levels, 4,300 digits). What was sent is not quoted.
    """
    try:
        return json.loads(
            data.decode(), object_pairs_hook=_reject_repeated_names, parse_constant=_reject_constant
        )
    except json.JSONDecodeError as error:
        flaw = f"{error.msg[:1].lower()}{error.msg[1:]} at line {error.lineno}, column {error.colno}"
    except UnicodeDecodeError as error:
        flaw = f"byte {error.start} is not UTF-8"
    except RecursionError:
        flaw = "it is nested too deeply"
    except ValueError:  # Python's limit of digits
        flaw = "a number in it is too long"
    raise BadRequest(f"the body is not understood: {flaw}; {ALLOWED}")


def _reject_repeated_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise BadRequest(f"the body is not understood: an object in it names something twice; {ALLOWED}")
    return values


def _reject_constant(name: str) -> NoReturn:
    raise BadRequest(f"the body is not understood: {name} is no JSON number; {ALLOWED}")
