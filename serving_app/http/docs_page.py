"""`/docs`: the API's description as a page to read and try, by Swagger UI from its PyPI package.

Nothing on it comes from another place, and its policy (CSP) lets the browser ask no other.
"""

from pathlib import Path

import flask_swagger_ui
from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from serving_app.http.auth import require_scope
from serving_app.http.operations import OtherMedia, describe_operation
from serving_app.keys.callers import PUBLIC

ASSETS = Path(flask_swagger_ui.__file__).parent / "dist"
TYPES = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon-32x32.png": "image/png",
}
PAGE = b"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Concierge's HTTP API</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="icon" href="docs/favicon-32x32.png">
<main id="page"></main>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</html>
"""
START = b"""SwaggerUIBundle({
  url: "openapi.json", dom_id: "#page", deepLinking: true, defaultModelsExpandDepth: 0, validatorUrl: null,
  persistAuthorization: false,
})
"""
# Swagger UI draws its arrows as data: pictures and sets styles of single elements.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "public, max-age=3600",
}

bp = Blueprint("docs", __name__)


@bp.get("/docs")
@require_scope(PUBLIC)
@describe_operation("getDocsPage", "This document as a page", {200: OtherMedia("text/html", "The page")})
def get_page() -> Response:
    """The page."""
    return make_file_response(PAGE, "text/html")


@bp.get("/docs/<name>")
@require_scope(PUBLIC)
@describe_operation(
    "getDocsFile", "A file of that page", {200: OtherMedia("*/*", "The file")}, problems=(404,)
)
def get_file(name: str) -> Response:
    """A file of the page."""
    return make_file_response(*read_file(name))


def read_file(name: str) -> tuple[bytes, str]:
    """Content and media type of one of the page's files.

    Raises:
        NotFound: the page has no such file.
    """
    if name == "start.js":
        return START, "text/javascript"
    if name not in TYPES:
        raise NotFound
    return (ASSETS / name).read_bytes(), TYPES[name]


def make_file_response(content: bytes, media_type: str) -> Response:
    """An answer that a cache may keep; 304 to who has it already."""
    response = Response(content, mimetype=media_type, headers=HEADERS)
    response.add_etag(weak=True)
    return response.make_conditional(request)
