"""What intake reads of a request: its body, which may be gzipped, and who sends it."""

import zlib

from flask import current_app, request
from werkzeug.exceptions import RequestEntityTooLarge

from expectations.contracts.event_format import MAX_BODY_BYTES
from serving_app.http.auth import get_caller
from serving_app.http.browser_keys import TOKEN_HEADER
from serving_app.http.problems import BadRequest, BodyTooLarge
from serving_app.intake.bots import is_bot_request
from serving_app.intake.service import Sender

TOO_LARGE = f"The body has more than {MAX_BODY_BYTES} bytes, unpacked; send several requests."


def allow_large_body() -> None:
    """Let a request's body be as large as a batch may be; a blueprint's `before_request`."""
    request.max_content_length = MAX_BODY_BYTES


def read_event_body() -> bytes:
    """The body, unpacked. Its media type is not asked: `sendBeacon` sends JSON as text.

    Raises:
        BodyTooLarge: it is larger than a batch may be.
        BadRequest: it is packed otherwise than it says.
    """
    body = read_sent_body()
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in ("identity", ""):
        return body
    if encoding not in ("gzip", "x-gzip"):
        raise BadRequest("Content-Encoding must be gzip, or absent")
    return unpack_gzip(body)


def read_sent_body() -> bytes:
    """The body as it was sent.

    Raises:
        BodyTooLarge: it is larger than a batch may be.
    """
    try:
        return request.get_data()
    except RequestEntityTooLarge:
        raise BodyTooLarge(TOO_LARGE) from None


def unpack_gzip(packed: bytes) -> bytes:
    """What was packed, as far as a body may be large: a gzip of 1 MB may hold a gigabyte.

    Raises:
        BodyTooLarge: it holds more.
        BadRequest: it is no gzip, or torn.
    """
    unpacker = zlib.decompressobj(wbits=31)
    try:
        body = unpacker.decompress(packed, MAX_BODY_BYTES + 1)
    except zlib.error:
        raise BadRequest("the body is no gzip, which Content-Encoding says it is") from None
    if len(body) > MAX_BODY_BYTES:
        raise BodyTooLarge(TOO_LARGE)
    if not unpacker.eof or unpacker.unused_data:
        raise BadRequest("the body's gzip is torn, or something follows it")
    return body


def read_sender() -> Sender:
    """Who sends the request."""
    caller = get_caller()
    return Sender(
        source=caller.source or current_app.config["CONCIERGE"].sources[0],
        is_bot=is_bot_request(request.headers),
        is_anybody=caller.is_browser,
        user_token=request.headers.get(TOKEN_HEADER, ""),
    )
