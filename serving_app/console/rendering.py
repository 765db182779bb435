"""Templates into answers: what every page knows, and the headers that every answer of the console has."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Flask, Response, current_app, g, render_template, request
from jinja2 import StrictUndefined

from pages import formats
from serving_app.console.navigation import list_entries
from serving_app.console.shop_facts import ShopFacts
from serving_app.console.sign_in import ConsoleSessions
from serving_app.console.static_files import find_address
from serving_app.http.services import get_service

# A page may load what is ours and nothing else, run scripts that carry the nonce of this answer, and stand in
# no frame; where a form could send what is typed elsewhere, `form-action` stops it.
POLICY = (
    "default-src 'none'; script-src {scripts}; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def parse_moment(text: str | None) -> datetime | None:
    """The moment of an ISO text; None for none."""
    return datetime.fromisoformat(text) if text else None


FILTERS = {
    "number": formats.format_number,
    "share": formats.format_share,
    "seconds": formats.format_seconds,
    "day": formats.format_day,
    "moment": formats.format_moment,
    "clock": formats.format_clock,
    "parse_moment": parse_moment,
}


def prepare_templates(app: Flask) -> None:
    """Give an app's templates the filters of numbers and times; a name that a view forgot is an error."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters |= {
        **FILTERS,
        "ago": format_ago,
        "reader_name": format_reader,
        "shop_moment": format_shop_moment,
    }
    app.jinja_env.globals |= {"asset": find_address, "has_page": has_page}


def has_page(endpoint: str) -> bool:
    """Whether there is a page of this name to link to."""
    return endpoint in current_app.view_functions


def format_reader(name: str) -> str:
    """Who did something: a key's id, or what stands for this machine and for the operator's token."""
    return {"local": "this machine", "admin-token": "operator", "": "–"}.get(name, name)


def format_ago(moment: datetime | None, now: datetime | None = None) -> str:
    """How long ago by the service's clock, or at another moment."""
    return formats.format_ago(moment, now or get_service(ConsoleSessions).clock())


def format_shop_moment(moment: datetime | None) -> str:
    """A moment that somebody typed as the shop's time, as it was typed, with the zone's name."""
    return formats.format_moment(moment, get_service(ShopFacts).zone)


def render(template: str, status: int = 200, /, **context: Any) -> Response:
    """A page, or a part of one, as an answer. Whatever is shown is escaped, unless it is an SVG of ours."""
    return Response(render_template(template, **describe_reader(), **context), status, mimetype="text/html")


def describe_reader() -> Mapping[str, Any]:
    """What every template knows: who reads, what they may open, and what their forms must carry."""
    session = g.get("console_session")
    signer = get_service(ConsoleSessions).signer if session else None
    return {
        "reader": g.get("caller") if session else None,
        "form_token": signer.make_form_token(session) if session and signer else "",
        "entries": list_entries(request.endpoint) if session else (),
        "nonce": get_nonce(),
    }


def render_problem(status: int, title: str, detail: str) -> Response:
    """A problem as a page of its own, or as a notice in the part of the page that was asked for."""
    template = "console/problem_notice.html" if is_fragment() else "console/problem.html"
    return render(template, status, title=title, detail=detail, code=status)


def is_fragment() -> bool:
    """Whether htmx asks for a part of a page."""
    return request.headers.get("HX-Request") == "true"


def get_nonce() -> str:
    """What scripts of this answer carry, made anew for each."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return g.nonce


def add_security_headers(response: Response) -> Response:
    """The answer with the console's headers; nothing stores it that does not say otherwise itself."""
    scripts = f"'nonce-{g.nonce}'" if "nonce" in g else "'none'"
    response.headers.setdefault("Content-Security-Policy", POLICY.format(scripts=scripts))
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")
    return response
