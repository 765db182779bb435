"""The query of a list, read from an address.

Of the thousands of requests a second that a page makes, all but the visitor's id is the same: that part is
read and checked once.
"""

import re
from collections.abc import Mapping, Set
from functools import lru_cache
from typing import Any, TypeVar

from flask.globals import request_ctx
from pydantic import ValidationError

from serving_app.http.problems import BadRequest
from serving_app.http.requests import parse_parameters, read_query_parameters
from serving_app.recommendations.schemas import ListQuery

PARAMETER = "param."
VISITOR_IDS = ("customer_id", "user_id", "anonymous_id")
# An id that is its own normal form and needs no decoding; any other is read and checked by the model.
PLAIN_VISITOR = re.compile(f"(?:^|&)({'|'.join(VISITOR_IDS)})=([A-Za-z0-9_.-]{{1,128}})(?=&|$)", re.ASCII)
# Longer ones would take tens of megabytes: an address may have 64 kB, and exclusions differ by visitor.
CACHED_QUERIES, MAX_CACHED_TEXT = 512, 2000

Q = TypeVar("Q", bound=ListQuery)


def read_query(model: type[Q]) -> Q:
    """The query of the current request.

    Raises:
        BadRequest, ValidationError: it is not understood.
    """
    text = request_ctx.request.environ.get("QUERY_STRING", "")
    return read_visitors_query(model, text) or model(**fold_parameters(read_query_parameters()))


def read_visitors_query(model: type[Q], text: str) -> Q | None:
    """The query that a short text of ASCII writes, with one plain id of a visitor; None for any other, and
    for one that is not understood.
    """
    if len(text) > MAX_CACHED_TEXT:
        return None
    visitor = PLAIN_VISITOR.search(text)
    if visitor is None or not text.isascii():
        return None
    try:
        shared, names = read_shared_query(model, f"{text[: visitor.start()]}{text[visitor.end() :]}")
    except (BadRequest, ValidationError):
        return None  # what is wrong is said of the whole
    if not names.isdisjoint(VISITOR_IDS):
        return None  # a second one, plain, blank or under an encoded name
    return shared.model_copy(update={visitor[1]: visitor[2]})


@lru_cache(maxsize=CACHED_QUERIES)
def read_shared_query(model: type[Q], text: str) -> tuple[Q, Set[str]]:
    """The query that a text writes, and the names in it.

    Raises:
        BadRequest, ValidationError: it is not understood.
    """
    values = parse_parameters(text)
    return model(**fold_parameters(values)), values.keys()


def fold_parameters(values: Mapping[str, str]) -> dict[str, Any]:
    """A query's values with those named `param.<name>` under `parameters`, as a body has them."""
    parameters = {
        name.removeprefix(PARAMETER): value for name, value in values.items() if name.startswith(PARAMETER)
    }
    if not parameters:
        return {**values}
    if "parameters" in values:
        raise BadRequest(f"parameters are sent as {PARAMETER}<name>=… in a query")
    rest = {name: value for name, value in values.items() if not name.startswith(PARAMETER)}
    return {**rest, "parameters": parameters}
