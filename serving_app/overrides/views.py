"""`/v1/overrides`: what an operator pins, blocks or boosts, for everyone or one customer, until a moment. In
force at once.
"""

from flask import Blueprint, Response

from serving_app.http.auth import require_operator
from serving_app.http.problems import BadRequest, CannotApply, UnknownOverride
from serving_app.http.requests import answer, body, service
from serving_app.http.schemas import NewOverride
from serving_app.overrides.index import BLOCK, BOOST, PIN, Override
from serving_app.recommendations.service import iso

bp = Blueprint("overrides", __name__)
bp.before_request(require_operator)


@bp.get("/v1/overrides")
def in_force() -> Response:
    now = service().clock()
    return answer({"overrides": [as_answer(one) for one in service().overrides.all() if one.in_force(now)]})


@bp.get("/v1/overrides/<override_id>")
def one_in_force(override_id: str) -> Response:
    now = service().clock()
    for one in service().overrides.all():
        if one.override_id == override_id and one.in_force(now):
            return answer(as_answer(one))
    raise UnknownOverride("No override in force has this id.")


@bp.post("/v1/overrides")
def add() -> Response:
    made = make(NewOverride.model_validate(body()))
    service().overrides.put(made)
    return answer(as_answer(made), 201, Location=f"/v1/overrides/{made.override_id}")


@bp.delete("/v1/overrides/<override_id>")
def remove(override_id: str) -> Response:
    if not service().overrides.delete(override_id):
        raise UnknownOverride("No override has this id; it may have been removed already.")
    return Response(status=204)


def make(asked: NewOverride) -> Override:
    """The override asked for.

    Raises:
        BadRequest: it would end before it begins.
        CannotApply: nobody is known by the id given, or a pin or boost names an item that the shop does not
            have.
    """
    now, snapshot = service().clock(), service().snapshots.current()
    if asked.until <= now:
        raise BadRequest(f"until must lie in the future; it is {iso(now)} now")
    customer_id = service().find(asked, snapshot)
    if customer_id is None and (asked.customer_id or asked.user_id or asked.anonymous_id):
        raise CannotApply("No customer is known by this id.")
    item_id = snapshot.item_id(asked.item_id) if snapshot else asked.item_id
    # A block may come before its item does: a launch that must not leak.
    if asked.kind != BLOCK and snapshot and snapshot.item(item_id) is None:
        raise CannotApply("No item has this item_id.")
    return Override(
        override_id=f"o_{service().new_id().replace('-', '')[:16]}",
        kind=asked.kind,
        item_id=item_id,
        customer_id=customer_id,
        position=(asked.position or 1) if asked.kind == PIN else 0,
        factor=asked.factor or 1.0,
        until=asked.until,
        created_at=now,
        note=asked.note,
    )


def as_answer(one: Override) -> dict:
    """An override as it is told, with how many items of the shop it names: none, where its id was
    mistyped.
    """
    snapshot = service().snapshots.current()
    return {
        "override_id": one.override_id,
        "kind": one.kind,
        "item_id": one.item_id,
        "customer_id": one.customer_id,
        "position": one.position if one.kind == PIN else None,
        "factor": one.factor if one.kind == BOOST else None,
        "until": iso(one.until),
        "created_at": iso(one.created_at),
        "note": one.note,
        "matches": (
            None if snapshot is None else int(snapshot.item(snapshot.item_id(one.item_id)) is not None)
        ),
    }
