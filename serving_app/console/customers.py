"""Customers: finding one by any identifier, their page and their timeline."""

from flask import Response, request, url_for
from werkzeug.utils import redirect

from serving_app.console.blueprint import bp, console_page
from serving_app.console.customer_rows import (
    IDENTIFIERS,
    TIMELINE_FILTERS,
    describe_unread,
    group_by_day,
    list_entry_items,
    list_facts,
    list_traits,
    show_entry,
    show_live_events,
)
from serving_app.console.override_rows import show_override
from serving_app.console.overrides import find_names, list_all
from serving_app.console.rendering import is_fragment, render
from serving_app.console.shop_facts import ShopFacts, name_segments
from serving_app.console.sign_in import ConsoleSessions
from serving_app.http.auth import get_caller
from serving_app.http.problems import UnknownCustomer
from serving_app.http.services import get_service
from serving_app.overrides.schemas import OverridesQuery
from serving_app.profiles.schemas import ProfileLookup, ProfileMask
from serving_app.profiles.service import ProfileService
from serving_app.segments.service import SegmentService
from serving_app.timelines.schemas import TimelineQuery
from serving_app.timelines.service import TimelineService

N_ENTRIES = 40


@bp.get("/customers")
@console_page("profiles")
def get_customers() -> Response:
    """Where a customer is looked for."""
    return render("console/customers.html", identifiers=IDENTIFIERS, kind="user_id", problem="")


@bp.post("/customers")
@console_page("profiles")
def find_customer() -> Response:
    """The customer of an identifier; it is sent in a form, so that no address and no log has it."""
    kind, value = request.form.get("kind", ""), request.form.get("value", "").strip()
    profiles = get_service(ProfileService)
    try:
        if kind == "customer_id":
            profile = profiles.get_profile(value, ProfileMask())
        else:
            profile = profiles.look_up_profile(ProfileLookup(kind=kind, value=value))
    except UnknownCustomer as error:
        return render(
            "console/customers.html", error.status, identifiers=IDENTIFIERS, kind=kind, problem=error.detail
        )
    if profile["customer_id"]:
        return redirect(url_for("console.get_customer", customer_id=profile["customer_id"]), 303)
    return show_profile(profile)  # whom no night has met: there is no address of theirs


@bp.get("/customers/<customer_id>")
@console_page("profiles")
def get_customer(customer_id: str) -> Response:
    """A customer's page."""
    return show_profile(get_service(ProfileService).get_profile(customer_id, ProfileMask()))


@bp.get("/customers/<customer_id>/timeline")
@console_page("profiles")
def get_customer_timeline(customer_id: str) -> Response:
    """What a customer did and what was shown to and decided about them."""
    kind, cursor = request.args.get("kind", ""), request.args.get("cursor") or None
    query = TimelineQuery(kinds=[kind] if kind else (), limit=N_ENTRIES, cursor=cursor)
    answer = get_service(TimelineService).read(customer_id, query)
    titles = get_service(ShopFacts).find_titles(list_entry_items(answer["entries"]))
    now = get_service(TimelineService).find_now()
    return render(
        "console/customer_timeline.html" if is_fragment() else "console/customer_timeline_page.html",
        customer_id=answer["customer_id"],
        days=group_by_day(show_entry(entry, titles) for entry in answer["entries"]),
        unread=describe_unread(answer["unread"]),
        next_cursor=answer["next_cursor"],
        filters=TIMELINE_FILTERS,
        kind=kind,
        is_first=cursor is None,
        now=now,
        lag=(get_service(ConsoleSessions).clock() - now).days,
    )


def show_profile(profile: dict) -> Response:
    """The page of a profile."""
    facts, customer_id = get_service(ShopFacts), profile["customer_id"]
    segments, segment_ids = facts.list_segments(), profile["segment_ids"] or []
    names, live = name_segments(segments), profile["live"]
    overrides = list_overrides(customer_id, {*segment_ids, profile["rfm_segment"]}) if customer_id else None
    titles = facts.find_titles([*live["cart"], *(event["item_id"] for event in live["events"])])
    return render(
        "console/customer.html",
        customer_id=customer_id,
        now=get_service(TimelineService).find_now(),
        facts=list_facts(profile),
        traits=list_traits(profile),
        memberships=[(name, names.get(name, name)) for name in segment_ids],
        rfm_segment=names.get(profile["rfm_segment"], profile["rfm_segment"]),
        others=[(one.segment_id, one.name) for one in segments if one.segment_id not in segment_ids],
        live=live,
        live_problem=get_service(SegmentService).find_live_problem(),
        live_events=show_live_events(live, titles),
        titles=titles,
        placements=facts.list_placements(),
        overrides=overrides,
    )


def list_overrides(customer_id: str, segment_ids: set[str | None]) -> list | None:
    """The overrides for a customer or a segment of theirs; None for a reader who may not see overrides."""
    if not get_caller().may("overrides", is_for_browsers=False):
        return None
    own = [*list_all(OverridesQuery(state="current", customer_id=customer_id))]
    everybody = list_all(OverridesQuery(state="current"))
    of_segments = [one for one in everybody if one["segment_id"] and one["segment_id"] in segment_ids]
    names, now = find_names([*own, *of_segments]), get_service(ConsoleSessions).clock()
    return [show_override(one, names, now) for one in [*own, *of_segments]]
