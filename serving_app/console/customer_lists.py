"""What a customer would see and why: lists by placement, items that are missing, and segments."""

from flask import Response, request, url_for

from serving_app.catalogue.search import ItemSearch
from serving_app.console.absence_words import describe_obstacle
from serving_app.console.blueprint import bp, console_page
from serving_app.console.customer_rows import show_parts
from serving_app.console.rendering import render
from serving_app.console.shop_facts import ShopFacts, name_segments
from serving_app.http.problems import UnknownCustomer
from serving_app.http.services import get_service
from serving_app.profiles.schemas import ProfileMask
from serving_app.profiles.service import ProfileService
from serving_app.recommendations.schemas import RecommendationQuery, WhyNotQuery
from serving_app.recommendations.service import RecommendationService
from serving_app.segments.schemas import ExplainQuery
from serving_app.segments.service import SegmentService

LONGEST_TEXT = 200
MOST_FOUND = 6


@bp.get("/customers/<customer_id>/list")
@console_page("profiles")
def get_customer_list(customer_id: str) -> Response:
    """The list that a customer would see now, with reasons. It is no impression: nobody is shown it."""
    query = RecommendationQuery(
        customer_id=read_customer(customer_id),
        placement=request.args.get("placement") or None,
        item_id=request.args.get("page_item_id", "").strip() or None,
        explain=True,
    )
    answer, facts = (
        get_service(RecommendationService).recommend(query, is_shown=False),
        get_service(ShopFacts),
    )
    return render(
        "console/customer_list.html",
        answer=answer,
        items=[(item, facts.name_items(item["reason"]), show_parts(item)) for item in answer["items"]],
    )


@bp.get("/customers/<customer_id>/why-not")
@console_page("profiles")
def get_customer_why_not(customer_id: str) -> Response:
    """Why an item is not in a customer's list; the item that fits best what was typed, and others that do."""
    text = request.args.get("text", "")[:LONGEST_TEXT]
    found = get_service(ItemSearch).search(text, MOST_FOUND)
    if not found:
        return render("console/customer_why_not.html", item=None, answer=None)
    query = WhyNotQuery(
        customer_id=read_customer(customer_id),
        placement=request.args.get("placement") or None,
        item_id=found[0].item_id,
        page_item_id=request.args.get("page_item_id", "").strip() or None,
    )
    answer = get_service(RecommendationService).explain_absence(query)
    asked = {"customer_id": customer_id, "placement": query.placement, "page_item_id": query.page_item_id}
    return render(
        "console/customer_why_not.html",
        item=found[0],
        others=[
            (item, url_for("console.get_customer_why_not", text=item.item_id, **asked)) for item in found[1:]
        ],
        answer=answer,
        obstacles=[(each, describe_obstacle(each)) for each in answer["obstacles"]],
    )


@bp.get("/customers/<customer_id>/segment")
@console_page("profiles")
def get_customer_segment(customer_id: str) -> Response:
    """Why a customer is in a segment, or not: each clause with its value."""
    segment_id = request.args.get("segment_id", "")
    answer = get_service(SegmentService).explain(segment_id, ExplainQuery(customer_id=customer_id))
    names = name_segments(get_service(ShopFacts).list_segments())
    name = names.get(segment_id, segment_id)
    sentence = answer["sentence"].replace(segment_id, name)
    return render("console/customer_segment.html", answer=answer, name=name, sentence=sentence)


def read_customer(customer_id: str) -> str:
    """Whom an id of any age stands for now.

    Raises:
        UnknownCustomer: nobody, or nobody who may be named: they would be answered as a stranger.
    """
    found = get_service(ProfileService).get_profile(customer_id, ProfileMask())["customer_id"]
    if found is None:
        raise UnknownCustomer("No customer has this id.")
    return found
