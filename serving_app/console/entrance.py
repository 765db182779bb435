"""Pages that need no session or end one: sign-in, sign-out, files."""

from flask import Response, g, request, url_for
from werkzeug.utils import redirect

from serving_app.console.blueprint import ANY_SCOPE, ANYBODY, COOKIE, bp, console_page, set_cookie
from serving_app.console.rendering import render
from serving_app.console.sign_in import ConsoleSessions
from serving_app.console.static_files import make_file_response
from serving_app.http.services import get_service


@bp.get("/sign-in")
@console_page(ANYBODY)
def get_sign_in() -> Response:
    """Where one signs in."""
    is_open = get_service(ConsoleSessions).is_open_here()
    return render("console/sign_in.html", problem="", is_open_here=is_open, back=request.args.get("back", ""))


@bp.post("/sign-in")
@console_page(ANYBODY)
def sign_in() -> Response:
    """Begin a session, and show the page that was wanted."""
    sessions = get_service(ConsoleSessions)
    sent = request.form.get("key", "")
    session = sessions.sign_in(sent) if sent else sessions.sign_in_here()
    g.caller = sessions.find_caller(session)  # for the access log: who came in, and when
    response = redirect(find_way_back(request.form.get("back", "")), 303)
    set_cookie(response, session)
    return response


@bp.post("/sign-out")
@console_page(ANY_SCOPE)
def sign_out() -> Response:
    """End the session."""
    get_service(ConsoleSessions).sign_out(g.console_session)
    g.is_signed_out = True
    response = redirect(url_for("console.get_sign_in"), 303)
    response.delete_cookie(COOKIE, path=bp.url_prefix, httponly=True, samesite="Strict")
    return response


@bp.get("/files/<name>")
@console_page(ANYBODY)
def get_file(name: str) -> Response:
    """A style sheet, a script or a picture of the console."""
    return make_file_response(name)


def find_way_back(wanted: str) -> str:
    """Where one wanted to go, if that is a page of the console; else the first page."""
    is_ours = wanted.startswith("/console/") and wanted.isascii() and wanted.isprintable()
    return wanted if is_ours and not set("\\\"'<> ") & set(wanted) else url_for("console.get_nights")
