"""What views answer with: JSON, and times in UTC."""

from collections.abc import Iterable
from datetime import UTC, datetime

import orjson
from flask import Response
from werkzeug.datastructures import Headers


def make_json_response(body: dict | list, status: int = 200, **headers: str) -> Response:
    """A JSON answer that no cache may store: it was made for one visitor at one moment."""
    all_headers = {"Content-Type": "application/json", "Cache-Control": "private, no-store", **headers}
    # as pairs, which werkzeug takes as they are
    return Response(orjson.dumps(body), status, Headers([*all_headers.items()]))


def make_stream_response(body: Iterable[bytes], media_type: str) -> Response:
    """An answer that is sent piece by piece as it comes into being, as it is: nothing compresses it, and
    proxies are asked to hold nothing back.
    """
    headers = {"Content-Type": media_type, "Cache-Control": "private, no-store", "X-Accel-Buffering": "no"}
    return Response(body, headers=headers, direct_passthrough=True)


def add_vary(response: Response, name: str) -> None:
    """Say that the answer depends on this header of the request."""
    before = response.headers.get("Vary")
    if before is None:
        response.headers.add("Vary", name)
    elif name not in before.split(", "):
        response.headers["Vary"] = f"{before}, {name}"


def format_utc(moment: datetime) -> str:
    """A moment as ISO text in UTC, to the microsecond: `2026-02-21T12:00:00.000000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
