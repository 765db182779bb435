"""What a view checks of a request for a list beside its model."""

from serving_app.http.auth import check_scope, get_caller
from serving_app.http.problems import BadRequest
from serving_app.recommendations.schemas import ListQuery


def check_explain(query: ListQuery) -> ListQuery:
    """The query. Only who has the scope admin sees how a list was decided.

    Raises:
        ScopeMissing: it asks for a trace, and the caller lacks the scope.
    """
    if query.explain:
        check_scope(get_caller(), "admin", is_for_browsers=False)
    return query


def check_named_once(values: dict) -> dict:
    """The query's values. An item that stands in the path is not named there again.

    Raises:
        BadRequest: it is.
    """
    if "item_id" in values:
        raise BadRequest("item_id stands in the path already")
    return values
