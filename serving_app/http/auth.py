"""Who may ask what: each view declares the scope that it needs, and every request is checked against it
before the view is called (`access.py`). A view without a declaration stops the service at its start.

```python
@bp.get("/v1/popular")
@require_scope("read", for_browsers=True)
@describe_operation(…)
def get_popular_items() -> Response: ...
```
"""

import hmac
import ipaddress
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple, TypeVar

from flask import current_app, g, request
from flask.globals import request_ctx

from serving_app.http.page_keys import read_page_key
from serving_app.http.problems import KeyRequired, LocalOnly, ScopeMissing
from serving_app.keys.api_key import SCOPES
from serving_app.keys.callers import ADMIN, LOCAL, PUBLIC, Caller, make_caller
from serving_app.keys.store import KeyStore

View = TypeVar("View", bound=Callable)
ATTRIBUTE = "required_scope"
EVENTS, BROWSER = "events", "browser"
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
# as WSGI names headers of a request
PROXY_HEADERS = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_VIA")


class RequiredScope(NamedTuple):
    """What a view needs: a scope, and whether a browser's key may ask it."""

    scope: str
    is_for_browsers: bool


def require_scope(scope: str, *, for_browsers: bool = False) -> Callable[[View], View]:
    """Declare which scope a view needs: one of `SCOPES`, or `PUBLIC`.

    Args:
        for_browsers: whether keys may ask it that every visitor of a page can read.
    """
    if scope not in (*SCOPES, PUBLIC):
        raise ValueError(f"{scope} is no scope; there are {', '.join(SCOPES)} and {PUBLIC}")

    def decorate(view: View) -> View:
        setattr(view, ATTRIBUTE, RequiredScope(scope, for_browsers))
        return view

    return decorate


def get_required_scope(view: Callable) -> RequiredScope:
    """What a view declares.

    Raises:
        TypeError: it declares nothing.
    """
    required = getattr(view, ATTRIBUTE, None)
    if required is None:
        raise TypeError(f"the view {view.__name__} lacks @require_scope")
    return required


def get_caller() -> Caller:
    """Who sent the current request; of a public route nobody is known."""
    return g.caller


def find_caller(keys: KeyStore, clock: Callable[[], datetime], scope: str) -> Caller:
    """Who sends the current request.

    Args:
        scope: of what is asked; with events a page may send its key where it can.

    Raises:
        KeyRequired: there are keys or an operator's token, and the request carries none that is valid.
        LocalOnly: there are none, and the request comes from elsewhere.
    """
    token = current_app.config["CONCIERGE"].admin_token
    if not token and keys.is_open():
        if not is_from_this_machine():
            raise LocalOnly(
                "Without keys (make key) and CONCIERGE_ADMIN_TOKEN, only this machine itself may ask."
            )
        return LOCAL
    is_bearer, sent = read_credentials()
    if token and is_bearer and hmac.compare_digest(sent.encode(), token.encode()):
        return ADMIN
    if key := keys.find(sent, clock()):
        return make_caller(key)
    if scope == EVENTS and not sent and (key := keys.find(read_page_key(), clock())) and key.kind == BROWSER:
        return make_caller(key)
    raise KeyRequired(
        "Send a valid key: `Authorization: Bearer <key>`, or Basic with the key as the user's name."
    )


def watch_caller(keys: KeyStore, clock: Callable[[], datetime]) -> Callable[[], bool]:
    """What says, outside of the request too, whether who sends the current one may still ask: for an answer
    that stays open.
    """
    caller, (_, sent) = get_caller(), read_credentials()
    if caller is ADMIN:
        return lambda: True
    if caller is LOCAL:
        return keys.is_open
    return lambda: keys.find(sent, clock()) is not None


def read_credentials() -> tuple[bool, str]:
    """Whether a bearer's token was sent, and the key: that token, or the name of a user, as Segment's clients
    send it; empty where there is none.
    """
    try:
        authorization = request.authorization
    except ValueError:  # werkzeug's, of Basic with letters outside ASCII
        authorization = None
    if authorization is None:
        return False, ""
    if authorization.type == "bearer":
        return True, (authorization.token or "").strip()
    return False, authorization.parameters.get("username") or ""


def check_scope(caller: Caller, scope: str, is_for_browsers: bool) -> None:
    """Let a caller pass who may ask this.

    Raises:
        ScopeMissing: names the scope that is needed.
    """
    if caller.may(scope, is_for_browsers=is_for_browsers):
        return
    if caller.is_browser and not is_for_browsers:
        raise ScopeMissing("This is not open to a browser's key: ask from a server of the shop.")
    raise ScopeMissing(f"This needs a key with the scope {scope}.")


def is_from_this_machine() -> bool:
    """Whether the request was sent here and by nobody else's page or proxy.

    One for another host name counts as from elsewhere, and so does one that a page of another origin sent: a
    page on the web can make a browser here send these. So does one that a proxy says it passed on; but a
    proxy may be silent about it, which is why docs/how-to/secure-the-service.md asks for keys behind any.
    """
    current = request_ctx.request
    environ = current.environ
    if any(map(environ.__contains__, PROXY_HEADERS)) or not is_loopback(current.remote_addr):
        return False
    if environ.get("HTTP_SEC_FETCH_SITE") == "cross-site":  # with a picture's GET there is no Origin
        return False
    origin = environ.get("HTTP_ORIGIN")
    return is_local_host(current.host) and (not origin or is_local_host(origin.partition("://")[2]))


@lru_cache(maxsize=256)
def is_local_host(host: str) -> bool:
    """Whether a host, with or without a port, is a name of this machine for itself."""
    return strip_port(host) in LOCAL_HOSTS


def strip_port(host: str) -> str:
    """A host without its port and brackets."""
    name, _, port = host.rpartition(":")
    return (name if port.isdigit() else host).strip("[]").lower()


@lru_cache(maxsize=256)
def is_loopback(address: str | None) -> bool:
    """Whether an address is this machine's own."""
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False
