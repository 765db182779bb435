"""What a view checks of a request for a list beside its model."""

from serving_app.filters.expression import compile_filter
from serving_app.http.auth import check_scope, get_caller
from serving_app.http.problems import BadRequest, UserUnproven
from serving_app.recommendations.schemas import ListQuery


def check_rights(query: ListQuery) -> ListQuery:
    """The query of a caller who may ask all of it.

    Raises:
        ScopeMissing: it asks for a trace, which only who has the scope admin sees.
        UserUnproven: a page filters by the customer's profile without proof who is looking: by whether an
            item is listed it could read the profile behind any cookie's id.
        InvalidFilter: the filter is not understood.
    """
    caller = get_caller()
    if query.explain:
        check_scope(caller, "admin", is_for_browsers=False)
    # a browser's user_id is proven by now (`http/browser_keys.py`)
    is_unproven = caller.is_browser and query.user_id is None
    if is_unproven and query.filter is not None and compile_filter(query.filter).reads_customer:
        raise UserUnproven("With a browser's key a filter may name customer.… beside a proven user_id only.")
    return query


def check_named_once(values: dict) -> dict:
    """The query's values. An item that stands in the path is not named there again.

    Raises:
        BadRequest: it is.
    """
    if "item_id" in values:
        raise BadRequest("item_id stands in the path already")
    return values
