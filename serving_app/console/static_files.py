"""The console's own files: style sheets, htmx, an icon. Their addresses change with their content, so
browsers may keep them.
"""

import hashlib
from functools import cache
from pathlib import Path

from flask import Response, request, url_for
from werkzeug.exceptions import NotFound

from pages.styles import SHEETS, read_style

FOLDER = Path(__file__).parent / "static"
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
SHARED = {name for name in SHEETS if name != "report.css"}
OWN = {path.name for path in FOLDER.iterdir() if path.suffix in TYPES}


def read_asset(name: str) -> tuple[bytes, str] | None:
    """Content and media type of a file; None where there is none of this name: nothing is remembered of
    what anybody may make up.
    """
    return read_known_asset(name) if name in SHARED | OWN else None


@cache
def read_known_asset(name: str) -> tuple[bytes, str]:
    """As `read_asset`, of a file that there is."""
    if name in SHARED:
        return read_style(name).encode(), "text/css"
    path = FOLDER / name
    return path.read_bytes(), TYPES[path.suffix]


@cache
def find_version(name: str) -> str:
    """What the address of a file holds of its content.

    Raises:
        LookupError: there is no such file.
    """
    asset = read_asset(name)
    if asset is None:
        raise LookupError(f"the console has no file {name}")
    return hashlib.sha256(asset[0]).hexdigest()[:12]


def find_address(name: str) -> str:
    """Where a page finds a file."""
    return url_for("console.get_file", name=name, v=find_version(name))


def make_file_response(name: str) -> Response:
    """A file as an answer; kept for good where its address says which content is meant.

    Raises:
        NotFound: there is none of this name.
    """
    asset = read_asset(name)
    if asset is None:
        raise NotFound("The console has no such file.")
    is_meant = request.args.get("v") == find_version(name)
    age = "public, max-age=31536000, immutable" if is_meant else "public, max-age=60"
    response = Response(asset[0], content_type=f"{asset[1]}; charset=utf-8", headers={"Cache-Control": age})
    response.add_etag(weak=True)
    return response.make_conditional(request)
