"""Who may steer the service: whoever has the operator's token, or, when none is set, whoever sits at this
machine.
"""

import hmac
import ipaddress

from flask import current_app, request

from serving_app.http.problems import NotAllowed, OnlyHere

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")


def require_operator() -> None:
    """Let an operator's request pass.

    Raises:
        NotAllowed: a token is set and the request does not carry it.
        OnlyHere: no token is set and the request comes from elsewhere. One for another host name counts as
            from elsewhere: a page on the web can make a browser here send that. So does one that a proxy says
            it passed on; but a proxy may be silent about it, which is why docs/reference/http-api.md asks for
            a token behind any.
    """
    token = current_app.config["CONCIERGE"].admin_token
    if token:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
            raise NotAllowed("Send the header `Authorization: Bearer <CONCIERGE_ADMIN_TOKEN>`.")
        return
    was_passed_on = any(
        name in request.headers for name in ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")
    )
    host = request.host.rpartition(":")[0] if request.host.rpartition(":")[2].isdigit() else request.host
    if was_passed_on or not _is_loopback(request.remote_addr) or host.strip("[]") not in LOCAL_NAMES:
        raise OnlyHere("Without CONCIERGE_ADMIN_TOKEN, this is open only to this machine itself.")


def _is_loopback(address: str | None) -> bool:
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False
