"""Who may use the operators' routes: whoever sends the operator's token or, when none is set, whoever is on
this machine.
"""

import hmac
import ipaddress

from flask import current_app, request

from serving_app.http.problems import LocalOperatorOnly, OperatorTokenRequired

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
PROXY_HEADERS = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


def require_operator() -> None:
    """Let a request pass only when an operator sends it; a blueprint's `before_request`.

    Raises:
        OperatorTokenRequired: a token is set and the request does not carry it.
        LocalOperatorOnly: no token is set and the request comes from elsewhere. One for another host name
            counts as from elsewhere: a page on the web can make a browser here send that. So does one that a
            proxy says it passed on; but a proxy may be silent about it, which is why
            docs/reference/http-api.md asks for a token behind any.
    """
    token = current_app.config["CONCIERGE"].admin_token
    if token:
        scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(sent.strip().encode(), token.encode()):
            raise OperatorTokenRequired("Send the header `Authorization: Bearer <CONCIERGE_ADMIN_TOKEN>`.")
        return
    is_forwarded = any(name in request.headers for name in PROXY_HEADERS)
    host = request.host.rpartition(":")[0] if request.host.rpartition(":")[2].isdigit() else request.host
    if is_forwarded or not _is_loopback(request.remote_addr) or host.strip("[]") not in LOCAL_HOSTS:
        raise LocalOperatorOnly("Without CONCIERGE_ADMIN_TOKEN, this is open only to this machine itself.")


def _is_loopback(address: str | None) -> bool:
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False
