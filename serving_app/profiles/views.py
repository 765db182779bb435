"""`GET /v1/customers/<customer_id>`: a profile's slice, for a shop's own servers. The one route where an
unknown id is a 404.
"""

from flask import Blueprint, Response

from serving_app.http.auth import require_scope
from serving_app.http.operations import describe_operation
from serving_app.http.responses import make_json_response
from serving_app.http.services import get_service
from serving_app.profiles.schemas import CustomerAnswer
from serving_app.profiles.service import ProfileService

bp = Blueprint("profiles", __name__)


@bp.get("/v1/customers/<customer_id>")
@require_scope("profiles")
@describe_operation("getCustomer", "A profile's slice", {200: CustomerAnswer}, problems=(404, 503))
def get_customer(customer_id: str) -> Response:
    """The slice of one customer's profile."""
    return make_json_response(get_service(ProfileService).get_profile(customer_id))
