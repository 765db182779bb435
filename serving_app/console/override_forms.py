"""Making and changing an override: a form, what it would do, and saving it."""

from typing import Any

from flask import Response, request, url_for
from pydantic import ValidationError
from werkzeug.utils import redirect

from serving_app.catalogue.search import ItemSearch
from serving_app.console.blueprint import bp, console_page
from serving_app.console.override_form import KINDS, OverrideForm, label_flaw
from serving_app.console.override_rows import compare_lists, describe_effect, list_effect_items
from serving_app.console.rendering import is_fragment, render
from serving_app.console.shop_facts import ShopFacts
from serving_app.http.auth import get_caller
from serving_app.http.problems import ApiError, list_flaws
from serving_app.http.services import get_service
from serving_app.overrides.service import OverrideService
from serving_app.overrides.writing import WriteOptions

MOST_FOUND = 8
LONGEST_TEXT = 200


@bp.get("/overrides/new")
@console_page("overrides")
def get_new_override() -> Response:
    """The form of a new override, with what a link to it filled in."""
    return show_form(OverrideForm.read(request.args))


@bp.post("/overrides/new")
@console_page("overrides")
def make_override() -> Response:
    """What a new override would do; or make it."""
    return answer_form(None)


@bp.get("/overrides/<override_id>/change")
@console_page("overrides")
def get_override_form(override_id: str) -> Response:
    """The form of an override that is there."""
    stored = get_service(OverrideService).get(override_id)
    form = OverrideForm.of(stored, get_service(ShopFacts).zone)
    return show_form(form, override_id=override_id, version=str(stored["version"]))


@bp.post("/overrides/<override_id>/change")
@console_page("overrides")
def change_override(override_id: str) -> Response:
    """What a change would do; or make it."""
    return answer_form(override_id)


@bp.get("/overrides/items")
@console_page("overrides")
def find_override_items() -> Response:
    """Items to choose from, by what is typed."""
    text = request.args.get("text", "")[:LONGEST_TEXT]
    found = get_service(ItemSearch).search(text, MOST_FOUND)
    return render("console/override_items.html", items=found, text=text, chosen="")


def answer_form(override_id: str | None) -> Response:
    """A preview, what is wrong, or the page of the override that was saved."""
    form, version = OverrideForm.read(request.form), request.form.get("version", "")
    is_saved = request.form.get("action") == "save"
    service, tags = get_service(OverrideService), frozenset({version})
    problems, answer, errors = [], None, {}
    try:
        asked = form.as_request(get_service(ShopFacts).zone)
        options = WriteOptions(tags if override_id else None, get_caller().name, is_dry_run=not is_saved)
        answer = (
            service.replace(override_id, asked, options) if override_id else service.create(asked, options)
        )
    except ValidationError as error:
        flaws = list_flaws(error)
        problems = [label_flaw(flaw) for flaw in flaws]
        errors = {flaw["field"]: flaw["message"] for flaw in flaws}
    except ApiError as error:
        problems = [f"{error.title}. {error.detail}"]
    if answer and is_saved:
        return redirect(url_for("console.get_override", override_id=answer["override_id"]), 303)
    result = describe_result(problems, answer, is_for_segment=bool(form.segment_id))
    if is_fragment():
        return render("console/override_result.html", **result)
    return show_form(form, override_id=override_id, version=version, errors=errors, **result)


def describe_result(
    problems: list[str], answer: dict[str, Any] | None, *, is_for_segment: bool = False
) -> dict[str, Any]:
    """What is wrong, or what the override would do, for a page."""
    if answer is None:
        result = {"effect": None, "sentence": "", "compared": []}
        return {"problems": problems, "is_for_segment": is_for_segment, **result}
    effect = answer["effect"]
    titles = get_service(ShopFacts).find_titles(list_effect_items(effect))
    lists = [*effect["examples"], *filter(None, [effect["stranger"]])]
    compared = [
        (change["customer_id"] or "A stranger", compare_lists(change["before"], change["after"], titles))
        for change in lists
    ]
    return {
        "problems": [],
        "is_for_segment": is_for_segment,
        "effect": effect,
        "sentence": describe_effect(effect, is_for_segment=is_for_segment),
        "compared": compared,
    }


def show_form(
    form: OverrideForm, override_id: str | None = None, version: str = "", **result: Any
) -> Response:
    """The page with the form."""
    facts = get_service(ShopFacts)
    chosen = facts.find_item(form.item_id) if form.item_id else None
    return render(
        "console/override_form.html",
        **({"errors": {}} | describe_result([], None) | result),
        form=form,
        override_id=override_id,
        version=version,
        kinds=KINDS,
        zone=str(facts.zone),
        segments=facts.list_segments(),
        placements=facts.list_placements(),
        title=(chosen.title if chosen else None) or form.item_id,
    )
