"""The lists: `GET` and `POST /v1/recommendations`, `/v1/popular`, `/v1/items/<item_id>/similar` and
`/v1/items/similar?item_id=`.

The last one is for items that a client's own library will not leave in a path as they are: `..`, `a/../b`.
"""

from flask import Blueprint, Response

from serving_app.http.auth import require_scope
from serving_app.http.operations import IF_NONE_MATCH, describe_headers, describe_operation
from serving_app.http.requests import is_body_wanted, read_json_object, read_query_parameters
from serving_app.http.responses import make_json_response
from serving_app.http.services import get_service
from serving_app.recommendations.list_response import make_list_response
from serving_app.recommendations.query_reading import fold_parameters, read_query
from serving_app.recommendations.request_checks import check_named_once, check_rights
from serving_app.recommendations.schemas import (
    ItemQuery,
    ListAnswer,
    ListQuery,
    RecommendationQuery,
    WhyNotAnswer,
    WhyNotQuery,
)
from serving_app.recommendations.service import RecommendationService

LIST = {200: ListAnswer}
CACHEABLE_LIST = {200: ListAnswer, 304: "The list is as it was (If-None-Match)"}

bp = Blueprint("recommendations", __name__)


@bp.get("/v1/recommendations")
@require_scope("read", for_browsers=True)
@describe_operation(
    "getRecommendations", "What to show a visitor", LIST, problems=(400,), query=RecommendationQuery
)
def get_recommendations() -> Response:
    """The visitor's recommendation list."""
    query = check_rights(read_query(RecommendationQuery))
    answer = get_service(RecommendationService).recommend(query, is_body_wanted())
    return make_list_response(answer, query)


@bp.post("/v1/recommendations")
@require_scope("read", for_browsers=True)
@describe_operation(
    "postRecommendations",
    "What to show a visitor, by a request too long for an address",
    LIST,
    problems=(400, 413, 415),
    body=RecommendationQuery,
)
def post_recommendations() -> Response:
    """The visitor's recommendation list, asked for in a body."""
    query = check_rights(RecommendationQuery(**read_json_object()))
    return make_list_response(get_service(RecommendationService).recommend(query), query)


@bp.get("/v1/popular")
@require_scope("read", for_browsers=True)
@describe_headers(IF_NONE_MATCH)
@describe_operation(
    "getPopularItems", "What sells in the whole shop", CACHEABLE_LIST, problems=(400,), query=ListQuery
)
def get_popular_items() -> Response:
    """The list of what is popular in the whole shop."""
    query = check_rights(read_query(ListQuery))
    answer = get_service(RecommendationService).list_popular(query, is_body_wanted())
    return make_list_response(answer, query, is_cacheable=True)


@bp.get("/v1/items/<anything:item_id>/similar", merge_slashes=False)
@require_scope("read", for_browsers=True)
@describe_headers(IF_NONE_MATCH)
@describe_operation(
    "getSimilarItems", "What is like an item", CACHEABLE_LIST, problems=(400,), query=ListQuery
)
def get_similar_items(item_id: str) -> Response:
    """The list of items like the one in the path."""
    values = check_named_once(fold_parameters(read_query_parameters()))
    query = check_rights(ItemQuery(item_id=item_id, **values))
    answer = get_service(RecommendationService).list_similar(query, is_body_wanted())
    return make_list_response(answer, query, is_cacheable=True)


@bp.get("/v1/items/similar")
@require_scope("read", for_browsers=True)
@describe_headers(IF_NONE_MATCH)
@describe_operation(
    "getSimilarItemsByQuery",
    "What is like an item of any id",
    CACHEABLE_LIST,
    problems=(400,),
    query=ItemQuery,
)
def get_similar_items_by_query() -> Response:
    """The list of items like the one in the query."""
    query = check_rights(read_query(ItemQuery))
    answer = get_service(RecommendationService).list_similar(query, is_body_wanted())
    return make_list_response(answer, query, is_cacheable=True)


@bp.get("/v1/recommendations/why-not")
@require_scope("profiles")
@describe_operation(
    "explainAbsence",
    "Why an item is not in a list",
    {200: WhyNotAnswer},
    problems=(400, 503),
    query=WhyNotQuery,
)
def get_why_not() -> Response:
    """What keeps an item out of a visitor's list, and what would have it there."""
    query = read_query(WhyNotQuery)
    return make_json_response(get_service(RecommendationService).explain_absence(query))
