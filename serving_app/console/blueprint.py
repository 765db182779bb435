"""The blueprint of all pages, and the checks before each: a session, its scope, and that a change comes from
a page of this console.

```python
@bp.get("/nights/<slug>")
@console_page("admin")
def get_night(slug: str) -> Response:
    return render("console/night.html", night=get_service(NightService).get_night(slug))
```
"""

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, g, request, url_for
from flask.globals import request_ctx
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.utils import redirect

from serving_app.console.rendering import add_security_headers, is_fragment, render, render_problem
from serving_app.console.session import Session
from serving_app.console.sign_in import ConsoleSessions
from serving_app.http.auth import check_scope, require_scope
from serving_app.http.error_handlers import log_unforeseen
from serving_app.http.operations import declare_page
from serving_app.http.problems import ApiError, BadRequest, KeyRequired, OriginRefused, list_flaws
from serving_app.http.services import get_service
from serving_app.keys.callers import PUBLIC
from serving_app.metrics import declarations as metrics

View = TypeVar("View", bound=Callable)
SCOPE = "console_scope"
COOKIE, TOKEN_FIELD, TOKEN_HEADER = "concierge_console", "form_token", "X-CSRF-Token"
REFUSALS = (401, 403, 429)  # of a session, a form or a key, as `/metrics` counts them
ANYBODY, ANY_SCOPE = "anybody", "any"  # who needs no session; who needs one with whatever scope

bp = Blueprint("console", __name__, url_prefix="/console", template_folder="templates")


def console_page(scope: str) -> Callable[[View], View]:
    """Declare who may see a page: a session whose key has this scope.

    Args:
        scope: one of `SCOPES`; `ANY_SCOPE` for every session, `ANYBODY` without one.
    """

    def decorate(view: View) -> View:
        setattr(view, SCOPE, scope)
        return declare_page(require_scope(PUBLIC)(view))

    return decorate


@bp.before_request
def check_session() -> Response | None:
    """Let a request pass that may have its page; else send it to the sign-in.

    Raises:
        ScopeMissing: names the scope that the key lacks.
        OriginRefused: a change that no page of this console sent.
        TooManyRequests: the key asks more often than its rate.
    """
    if request.method == "POST":
        check_origin()
    view = current_app.view_functions[request_ctx.request.endpoint]
    scope = getattr(view, SCOPE)
    if scope == ANYBODY:
        return None
    sessions = get_service(ConsoleSessions)
    found = sessions.find(request.cookies.get(COOKIE, ""))
    if found is None:
        return send_to_sign_in()
    g.console_session, g.caller = found
    sessions.count(g.caller)
    if request.method == "POST":
        check_form_token()
    if scope != ANY_SCOPE:
        check_scope(g.caller, scope, is_for_browsers=False)
    return None


def check_origin() -> None:
    """Let a change pass that no page of another origin sent. A browser says which page it comes from by one
    header or the other, and no page can keep it from that.

    Raises:
        OriginRefused: it comes from another page, or one that hides where it is from.
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    is_foreign = site not in (None, "same-origin") or (
        origin is not None and urlsplit(origin).netloc.lower() != request.host.lower()
    )
    if is_foreign:
        raise OriginRefused("This was not sent by a page of this console, so nothing was changed.")


def check_form_token() -> None:
    """Let a change pass that a page of this session sent.

    Raises:
        OriginRefused: it lacks the session's token.
    """
    sent = request.headers.get(TOKEN_HEADER) or request.form.get(TOKEN_FIELD, "")
    if not get_service(ConsoleSessions).signer.is_form_token(g.console_session, sent):
        raise OriginRefused("The form is of another session. Load its page again; nothing was changed.")


def send_to_sign_in() -> Response:
    """To the page where one signs in, and from there back to this one."""
    back = request.full_path.rstrip("?") if request.method == "GET" and not is_fragment() else None
    where = url_for("console.get_sign_in", back=back)
    if is_fragment():  # a redirect would put the sign-in into a part of the page
        return Response(status=401, headers={"HX-Redirect": where})
    return redirect(where, 303)


@bp.after_request
def renew_session(response: Response) -> Response:
    """Note in the cookie that its owner was here; what a page asks by itself every other second is none."""
    session = g.get("console_session")
    sessions = get_service(ConsoleSessions)
    if session and not is_fragment() and not g.get("is_signed_out"):
        now = sessions.clock()
        if session.is_to_be_renewed(now):
            set_cookie(response, session.renew(now))
    return add_security_headers(response)


def set_cookie(response: Response, session: Session) -> None:
    """Hand the browser its session. It stays until the browser ends, or the session does."""
    response.set_cookie(
        COOKIE,
        get_service(ConsoleSessions).signer.sign(session),
        path=bp.url_prefix,
        httponly=True,
        samesite="Strict",
        secure=session.is_secure,
    )


@bp.get("/<path:anything>")
@console_page(ANY_SCOPE)
def get_unknown_page(anything: str) -> Response:
    """What is no page, as a page that says so."""
    raise NotFound("There is no such page in the console.")


@bp.errorhandler(ApiError)
def show_problem(error: ApiError) -> Response:
    """A problem as a page, or as the part of one that was asked for."""
    if error.status in REFUSALS:
        metrics.REFUSED.labels(reason=error.kind).inc()
    return render_problem(error.status, error.title, error.detail)


@bp.errorhandler(KeyRequired)
def show_sign_in(error: KeyRequired) -> Response:
    """The sign-in again, with what was wrong."""
    metrics.REFUSED.labels(reason=error.kind).inc()
    return render(
        "console/sign_in.html",
        error.status,
        problem=error.detail,
        is_open_here=get_service(ConsoleSessions).is_open_here(),
        back=request.form.get("back", ""),
    )


@bp.errorhandler(HTTPException)
def show_http_problem(error: HTTPException) -> Response:
    """As `show_problem`, of what the web framework refuses."""
    if error.code is None or error.code < 400:
        return error.get_response()
    return render_problem(error.code, error.name, error.description or error.name)


@bp.errorhandler(ValidationError)
def show_flaws(error: ValidationError) -> Response:
    """What is wrong with what was sent, field by field."""
    detail = "; ".join(f"{flaw['field']}: {flaw['message']}" for flaw in list_flaws(error))
    return render_problem(BadRequest.status, BadRequest.title, detail)


@bp.errorhandler(Exception)
def show_unforeseen(error: Exception) -> Response:
    """That something broke here; what it was is in the log."""
    log_unforeseen(error)
    return render_problem(ApiError.status, ApiError.title, "The error has been logged.")
