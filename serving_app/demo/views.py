"""The pages of the demo shop. They are there only with CONCIERGE_DEMO=on."""

from flask import Blueprint, Response, request, url_for
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException
from werkzeug.utils import redirect

from serving_app.demo.rendering import (
    COOKIE,
    add_headers,
    make_file_response,
    make_picture_response,
    render_page,
    render_problem,
)
from serving_app.demo.schemas import ProductQuery, ShelfQuery, SignInForm
from serving_app.demo.service import DemoShop
from serving_app.http.auth import require_scope
from serving_app.http.operations import declare_page
from serving_app.http.problems import ApiError
from serving_app.http.responses import make_json_response
from serving_app.http.services import get_service
from serving_app.keys.callers import PUBLIC

bp = Blueprint("demo", __name__, url_prefix="/demo", template_folder="templates")
bp.after_request(add_headers)
for kind in (ApiError, ValidationError, HTTPException):
    bp.register_error_handler(kind, render_problem)


@bp.get("/", strict_slashes=False)  # a redirect would go to whatever host the request names
@declare_page
@require_scope(PUBLIC)
def get_home() -> Response:
    """The shop's first page."""
    return render_page("home.html", **get_service(DemoShop).describe_home())


@bp.get("/shelf")
@declare_page
@require_scope(PUBLIC)
def get_shelf() -> Response:
    """A category's products, or what a search finds."""
    query = ShelfQuery(**request.args.to_dict())
    return render_page("shelf.html", **get_service(DemoShop).describe_shelf(query))


@bp.get("/item")
@declare_page
@require_scope(PUBLIC)
def get_product() -> Response:
    """A product's page."""
    query = ProductQuery(**request.args.to_dict())
    return render_page("product.html", **get_service(DemoShop).describe_product(query))


@bp.get("/cart")
@declare_page
@require_scope(PUBLIC)
def get_cart() -> Response:
    """The cart, which the browser knows."""
    return render_page("cart.html", picks=get_service(DemoShop).assortment.list_picks("cart", 4))


@bp.get("/thanks")
@declare_page
@require_scope(PUBLIC)
def get_thanks() -> Response:
    """What one sees after an order."""
    return render_page("thanks.html", picks=get_service(DemoShop).assortment.list_picks("thanks", 4))


@bp.get("/sign-in")
@declare_page
@require_scope(PUBLIC)
def get_sign_in() -> Response:
    """As whom one can look at the shop."""
    return render_page("sign_in.html")


@bp.post("/sign-in")
@declare_page
@require_scope(PUBLIC)
def sign_in() -> Response:
    """Look at the shop as one of the offered customers, or as nobody."""
    form = SignInForm(**request.form.to_dict())
    response = redirect(url_for("demo.get_home"), 303)
    response.set_cookie(COOKIE, form.user_id, path=bp.url_prefix, httponly=True, samesite="Strict")
    return response


@bp.get("/picture")
@declare_page
@require_scope(PUBLIC)
def get_picture() -> Response:
    """A product's picture."""
    query = ProductQuery(**request.args.to_dict())
    return make_picture_response(get_service(DemoShop).draw_picture(query))


@bp.get("/titles")
@declare_page
@require_scope(PUBLIC)
def get_titles() -> Response:
    """Every product's title, by id."""
    return make_json_response(get_service(DemoShop).list_titles())


@bp.get("/files/<name>")
@declare_page
@require_scope(PUBLIC)
def get_file(name: str) -> Response:
    """A style sheet, a script or the icon of the shop."""
    return make_file_response(name)
