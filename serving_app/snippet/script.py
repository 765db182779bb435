"""`GET /concierge.js`: the snippet, for every page of the web to load and for caches to keep.

What it asks of the service afterwards needs a key where there are keys; the file itself holds none.
"""

import gzip
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, request

from serving_app.http.auth import require_scope
from serving_app.http.operations import IF_NONE_MATCH, OtherMedia, describe_headers, describe_operation
from serving_app.keys.callers import PUBLIC

FILE = Path(__file__).resolve().parents[2] / "clients" / "javascript" / "concierge.min.js"
HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
    # a page shows at once with the old one, and has the new one at its next load
    "Cache-Control": "public, max-age=3600, stale-while-revalidate=86400",
}

bp = Blueprint("snippet", __name__)


@bp.get("/concierge.js")
@require_scope(PUBLIC)
@describe_headers(IF_NONE_MATCH)
@describe_operation(
    "getSnippet",
    "The script that a shop's pages load",
    {200: OtherMedia("text/javascript", "The script"), 304: None},
)
def get_snippet() -> Response:
    """The script."""
    return make_script_response(is_gzip_accepted=request.accept_encodings["gzip"] > 0)


@cache
def read_script(*, is_packed: bool) -> bytes:
    """The file, as it is or packed as small as gzip can: once, and not by the fast level of other answers."""
    content = FILE.read_bytes()
    return gzip.compress(content, 9, mtime=0) if is_packed else content


def make_script_response(*, is_gzip_accepted: bool) -> Response:
    """An answer that caches keep; 304 to who has it already."""
    response = Response(read_script(is_packed=is_gzip_accepted), mimetype="text/javascript", headers=HEADERS)
    if is_gzip_accepted:
        response.headers["Content-Encoding"] = "gzip"
    response.add_etag(weak=True)
    return response.make_conditional(request)
