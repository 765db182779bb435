"""`PATCH /v1/items/<item_id>` and `POST /v1/items/changes`: stock, price and whether items may be shown, in
force in every worker's next answer; `GET /v1/items/search`: items by their words.
"""

from flask import Blueprint, Response, request

from serving_app.catalogue.schemas import (
    ChangesAnswer,
    FoundItemsAnswer,
    ItemChangesBody,
    ItemFields,
    ItemSearchQuery,
    ItemStateAnswer,
)
from serving_app.catalogue.search import ItemSearch
from serving_app.catalogue.service import CatalogueService
from serving_app.http.auth import require_scope
from serving_app.http.operations import describe_operation
from serving_app.http.requests import read_json_object, read_query_parameters
from serving_app.http.responses import make_json_response
from serving_app.http.services import get_service

MAX_BODY_BYTES = 256 << 10  # 500 changes with ids of 128 characters

bp = Blueprint("catalogue", __name__)


@bp.before_request
def allow_large_body() -> None:
    """Let a request's body hold as many changes as one may send."""
    request.max_content_length = MAX_BODY_BYTES


@bp.patch("/v1/items/<anything:item_id>", merge_slashes=False)
@require_scope("items")
@describe_operation(
    "changeItem",
    "Change an item's stock, price or visibility",
    {200: ItemStateAnswer},
    problems=(400, 413, 415, 503),
    body=ItemFields,
)
def change_item(item_id: str) -> Response:
    """Change one item."""
    return make_json_response(get_service(CatalogueService).change_item(item_id, read_json_object()))


@bp.post("/v1/items/changes")
@require_scope("items")
@describe_operation(
    "changeItems",
    "Change several items",
    {200: ChangesAnswer},
    problems=(400, 413, 415, 503),
    body=ItemChangesBody,
)
def change_items() -> Response:
    """Change up to 500 items, each on its own."""
    return make_json_response(get_service(CatalogueService).change_items(read_json_object()))


@bp.get("/v1/items/search")
@require_scope("read")
@describe_operation(
    "searchItems", "Items by their words", {200: FoundItemsAnswer}, (400, 503), ItemSearchQuery
)
def search_items() -> Response:
    """The items that fit best what people type."""
    query = ItemSearchQuery(**read_query_parameters())
    return make_json_response(get_service(ItemSearch).answer(query.text, query.limit))
