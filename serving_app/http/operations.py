"""What a view declares of itself for the API's description: beside the view, so that no list is kept apart.

```python
@bp.get("/v1/popular")
@require_scope("read", for_browsers=True)
@describe_operation("getPopularItems", "What sells", {200: ListAnswer}, problems=(400,), query=ListQuery)
def get_popular_items() -> Response: ...
```
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from flask import Flask
from pydantic import BaseModel

from serving_app.http.auth import RequiredScope, get_required_scope

View = TypeVar("View", bound=Callable)
ATTRIBUTE, HEADERS_ATTRIBUTE, PAGE = "operation", "request_headers", "is_page"
MADE_BY_FLASK = {"HEAD", "OPTIONS"}
VARIABLE = re.compile(r"<(?:[^:<>]+:)?([^:<>]+)>")  # of a rule: `<item_id>`, `<anything:item_id>`


class OtherMedia(NamedTuple):
    """An answer that is no JSON of a model."""

    media_type: str
    description: str


class RequestHeader(NamedTuple):
    """A header of the request that an operation reads, beside those of keys."""

    name: str
    description: str
    is_required: bool = False


IF_MATCH = RequestHeader("If-Match", "ETag of the version that is meant; * is any")
IF_MATCH_REQUIRED = IF_MATCH._replace(is_required=True)
IF_NONE_MATCH = RequestHeader("If-None-Match", "ETag of the answer that is at hand: 304 if it is the same")

Answer = type[BaseModel] | OtherMedia | str | None


@dataclass(frozen=True)
class Operation:
    """What an operation takes and answers; path and method come from the route, the scope from
    `require_scope`.

    Attributes:
        operation_id: what generated clients call it; it never changes.
        answers: by status below 400 the answer's model, another medium, a sentence of a JSON answer without a
            model, None without a body.
        problems: statuses from 400 on. Those of keys are added.
        query, body: models that the request is checked by.
    """

    operation_id: str
    summary: str
    answers: Mapping[int, Answer]
    problems: Sequence[int]
    query: type[BaseModel] | None
    body: type[BaseModel] | None


class Route(NamedTuple):
    """An operation with its place in the API."""

    path: str
    method: str
    path_parameters: tuple[str, ...]
    feature: str
    required_scope: RequiredScope
    operation: Operation
    headers: tuple[RequestHeader, ...]


def describe_operation(
    operation_id: str,
    summary: str,
    answers: Mapping[int, Answer],
    problems: Sequence[int] = (),
    query: type[BaseModel] | None = None,
    body: type[BaseModel] | None = None,
) -> Callable[[View], View]:
    """Declare what a view takes and answers; the parameters are `Operation`'s fields."""

    def decorate(view: View) -> View:
        setattr(view, ATTRIBUTE, Operation(operation_id, summary, answers, problems, query, body))
        return view

    return decorate


def describe_headers(*headers: RequestHeader) -> Callable[[View], View]:
    """Declare which headers of the request a view reads."""

    def decorate(view: View) -> View:
        setattr(view, HEADERS_ATTRIBUTE, headers)
        return view

    return decorate


def declare_page(view: View) -> View:
    """Declare a view to be a page for people, or a part of one: no program may rely on it, and the API's
    description leaves it out.
    """
    setattr(view, PAGE, True)
    return view


def is_page(view: Callable) -> bool:
    """Whether a view is declared to be a page."""
    return getattr(view, PAGE, False)


def collect_routes(app: Flask) -> Iterator[Route]:
    """Every route of an app with the operation its view declares, in the order of registration; without
    pages for people.

    Raises:
        TypeError: a view declares none.
    """
    for rule in app.url_map.iter_rules():
        if rule.alias:  # another path of a route that is described
            continue
        view = app.view_functions[rule.endpoint]
        if is_page(view):
            continue
        operation = getattr(view, ATTRIBUTE, None)
        if operation is None:
            raise TypeError(f"{rule.rule}: the view {view.__name__} lacks @describe_operation")
        for method in sorted(rule.methods - MADE_BY_FLASK):
            yield Route(
                VARIABLE.sub(r"{\1}", rule.rule),
                method.lower(),
                tuple(VARIABLE.findall(rule.rule)),
                rule.endpoint.rpartition(".")[0],
                get_required_scope(view),
                operation,
                getattr(view, HEADERS_ATTRIBUTE, ()),
            )
