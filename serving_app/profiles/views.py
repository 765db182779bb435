"""Profiles, for a shop's own servers: `GET /v1/customers/<customer_id>`, `GET /v1/customers?user_id=`, and by
any identifier `POST /v1/customers/lookup`. The routes where an unknown id is a 404.
"""

from flask import Blueprint, Response

from serving_app.http.auth import require_scope
from serving_app.http.operations import describe_operation
from serving_app.http.requests import read_json_object, read_query_parameters
from serving_app.http.responses import make_json_response
from serving_app.http.services import get_service
from serving_app.profiles.schemas import CustomerAnswer, ProfileLookup, ProfileMask, ProfileQuery
from serving_app.profiles.service import ProfileService

bp = Blueprint("profiles", __name__)


@bp.get("/v1/customers/<customer_id>")
@require_scope("profiles")
@describe_operation(
    "getCustomer", "A customer's profile", {200: CustomerAnswer}, problems=(400, 404, 503), query=ProfileMask
)
def get_customer(customer_id: str) -> Response:
    """The profile of one customer, or a part of it."""
    mask = ProfileMask(**read_query_parameters())
    return make_json_response(get_service(ProfileService).get_profile(customer_id, mask))


@bp.get("/v1/customers")
@require_scope("profiles")
@describe_operation(
    "findCustomer",
    "A customer's profile by a user or anonymous id",
    {200: CustomerAnswer},
    problems=(400, 404, 503),
    query=ProfileQuery,
)
def find_customer() -> Response:
    """The profile of whom a user or anonymous id belongs to."""
    query = ProfileQuery(**read_query_parameters())
    return make_json_response(get_service(ProfileService).find_profile(query))


@bp.post("/v1/customers/lookup")
@require_scope("profiles")
@describe_operation(
    "lookUpCustomer",
    "A customer's profile by any identifier",
    {200: CustomerAnswer},
    problems=(400, 404, 413, 415, 503),
    body=ProfileLookup,
)
def look_up_customer() -> Response:
    """The profile of whom an identifier belongs to; a personal one stands in a body alone."""
    lookup = ProfileLookup(**read_json_object())
    return make_json_response(get_service(ProfileService).look_up_profile(lookup))
