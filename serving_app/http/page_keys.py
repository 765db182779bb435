"""The key of a page that can set no header: `sendBeacon`, which a browser sends when a page is left, and
Segment's client for browsers, which writes its key into the body.

Only a browser's key is accepted so, and only with events: an address is logged on its way, and such a key is
public already.
"""

import re

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from expectations.contracts.event_format import MAX_BODY_BYTES

NAME = "writeKey"
IN_BODY = re.compile(rb'"writeKey"\s*:\s*"(ck_[0-9a-f_]{1,80})"')


def read_page_key() -> str:
    """The key in the request's query or else its body; empty where there is none."""
    if key := request.args.get(NAME):
        return key
    if request.method != "POST" or "Content-Encoding" in request.headers:
        return ""
    request.max_content_length = MAX_BODY_BYTES
    try:
        match = IN_BODY.search(request.get_data())
    except RequestEntityTooLarge:  # the view says so to whoever has a key
        return ""
    return match[1].decode() if match else ""
