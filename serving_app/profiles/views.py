"""`GET /v1/customers/<customer_id>`: a profile's slice, for a shop's own servers. The one place where an
unknown id is a 404.
"""

from flask import Blueprint, Response

from serving_app.http.auth import require_operator
from serving_app.http.problems import NotReady, UnknownCustomer
from serving_app.http.requests import answer, service

bp = Blueprint("customers", __name__)
bp.before_request(
    require_operator
)  # orders and segments of anyone whose id is known, to be kept from a browser


@bp.get("/v1/customers/<customer_id>")
def customer(customer_id: str) -> Response:
    snapshot = service().snapshots.current()
    if snapshot is None:
        raise NotReady(service().snapshots.problem())
    found = service().profile(customer_id, snapshot)
    if not found:
        raise UnknownCustomer("No customer has this id, or none who may be personalised for.")
    return answer({"customer_id": found[0], **found[1]._asdict(), "snapshot": snapshot.name})
