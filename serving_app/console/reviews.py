"""Identity reviews: questions about merges, their evidence, and answers by click."""

from flask import Response, request, url_for
from werkzeug.utils import redirect

from serving_app.console.blueprint import bp, console_page
from serving_app.console.rendering import render
from serving_app.console.review_rows import ANSWERS, list_steps, show_decisions, show_review
from serving_app.http.auth import get_caller
from serving_app.http.problems import BadRequest
from serving_app.http.services import get_service
from serving_app.identity.service import IdentityService
from serving_app.keys.callers import ADMIN_NAME, LOCAL_NAME

MOST_SHOWN = 25
WITHDRAW = "withdraw"
SUGGESTED_REASON = "looked at the evidence in the console"


@bp.get("/reviews")
@console_page("admin")
def get_reviews() -> Response:
    """What waits for a decision, the most urgent first; what was decided is below."""
    service = get_service(IdentityService)
    reviews = [show_review(review) for review in service.list_reviews()["reviews"]]
    waiting = [review for review in reviews if not review.decided]
    return render(
        "console/reviews.html",
        reviews=waiting[:MOST_SHOWN],
        n_waiting=len(waiting),
        n_decided=len(reviews) - len(waiting),
        decisions=show_decisions(service.list_decisions())[:MOST_SHOWN],
        answers=ANSWERS,
        suggested_reason=SUGGESTED_REASON,
        decided_by=name_reader(),
    )


@bp.get("/reviews/evidence")
@console_page("admin")
def get_review_evidence() -> Response:
    """What joins two identifiers, in sentences."""
    answer = get_service(IdentityService).explain(request.args.get("a", ""), request.args.get("b", ""))
    return render("console/review_evidence.html", answer=answer, steps=list_steps(answer))


@bp.post("/reviews/answer")
@console_page("admin")
def answer_review() -> Response:
    """Decide on a link; it counts with the next night."""
    wanted = request.form.get("answer", "")
    if wanted not in ANSWERS:
        raise BadRequest(f"answer must be one of {', '.join(ANSWERS)}")
    decide(ANSWERS[wanted][0])
    return redirect(url_for("console.get_reviews", _anchor="decisions"), 303)


@bp.post("/reviews/withdraw")
@console_page("admin")
def withdraw_review_decision() -> Response:
    """Take a decision back, as if nothing had been said."""
    decide(WITHDRAW)
    return redirect(url_for("console.get_reviews", _anchor="decisions"), 303)


def decide(decision: str) -> None:
    """Record a decision about the two identifiers of a form."""
    form = request.form
    get_service(IdentityService).decide(
        decision,
        form.get("a", ""),
        form.get("b", ""),
        form.get("reason", "").strip() or SUGGESTED_REASON,
        form.get("decided_by", "").strip() or name_reader(),
    )


def name_reader() -> str:
    """What a decision calls who took it, unless they give a name."""
    return {LOCAL_NAME: "operator", ADMIN_NAME: "operator"}.get(get_caller().name, get_caller().name)
