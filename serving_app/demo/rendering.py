"""Templates and files of the demo shop as answers, with the policy that a shop could have."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from flask import Response, render_template, request, url_for
from werkzeug.exceptions import HTTPException, NotFound

from pages.styles import read_style
from serving_app.demo.service import DemoShop
from serving_app.http.problems import ApiError
from serving_app.http.services import get_service

COOKIE = (
    "concierge_demo"  # as whom one looks at the shop; whoever writes another one could have chosen it too
)
STATIC = Path(__file__).parent / "static"
TYPES = {"shop.css": "text/css", "shop.js": "text/javascript", "icon.svg": "image/svg+xml"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
A_YEAR, A_DAY = "public, max-age=31536000, immutable", "public, max-age=86400"


def render_page(name: str, status: int = 200, /, **context: Any) -> Response:
    """A page of the shop for whoever is signed in on it. Whatever it shows is escaped."""
    shop = get_service(DemoShop)
    customer = shop.find_customer(request.cookies.get(COOKIE, ""))
    text = render_template(
        f"demo/{name}",
        customer=customer,
        token=shop.sign_token(customer) if customer else "",
        customers=shop.settings.customers,
        page_key=shop.settings.page_key,
        categories=shop.assortment.categories,
        words=request.args.get("q", ""),
        file=find_address,
        **context,
    )
    return Response(text, status, {"Cache-Control": "no-store"}, mimetype="text/html")


def render_problem(error: Exception) -> Response:
    """A page of the shop that says that something is not there, or was not understood."""
    status = 400
    if isinstance(error, ApiError):
        status = error.status
    elif isinstance(error, HTTPException):
        status = error.code or 500
    return render_page("problem.html", status, status=status)


def make_picture_response(picture: str) -> Response:
    """A picture that browsers keep for a day."""
    return Response(picture, headers={"Cache-Control": A_DAY}, mimetype="image/svg+xml")


def add_headers(response: Response) -> Response:
    """An answer of the shop with the headers that a careful shop sends."""
    response.headers.update(HEADERS)
    return response


@cache
def read_file(name: str) -> bytes:
    """One of the shop's files; its style sheet begins with the tokens that all pages share."""
    content = (STATIC / name).read_bytes()
    return read_style("tokens.css").encode() + content if name == "shop.css" else content


@cache
def find_version(name: str) -> str:
    """What the address of a file holds of its content."""
    return hashlib.sha256(read_file(name)).hexdigest()[:12]


def find_address(name: str) -> str:
    """Where a page finds a file."""
    return url_for("demo.get_file", name=name, v=find_version(name))


def make_file_response(name: str) -> Response:
    """A file as an answer; kept for good where its address says which content is meant.

    Raises:
        NotFound: there is none of this name.
    """
    if name not in TYPES:
        raise NotFound
    age = A_YEAR if request.args.get("v") == find_version(name) else "public, max-age=60"
    response = Response(read_file(name), headers={"Cache-Control": age}, mimetype=TYPES[name])
    response.add_etag(weak=True)
    return response.make_conditional(request)
