"""Identity reviews and decisions as pages show them: pure, of what the service answers."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

# What an answer by click decides: `expectations/contracts/identity_decisions.py` says what each does.
ANSWERS = {
    "same": ("join", "Same person"),
    "apart": ("split", "Not the same person"),
    "ignore": ("refuse", "This link proves nothing"),
}
DECIDED = {
    "join": "same person",
    "split": "not the same person",
    "refuse": "the link is not followed",
    "withdraw": "taken back",
}
QUESTIONS = {
    "bridge": "One link alone holds two groups of identifiers together. Is it one person?",
    "giant": "This customer has grown out of very many identifiers. Several people may be behind it.",
    "likeness": "Two records look alike. Are they one person?",
}


class ShownReview(NamedTuple):
    """A question about a merge; `decided` is empty until it is answered."""

    review_id: str
    kind: str
    question: str
    because: str
    customer_id: str | None
    a: str | None
    b: str | None
    n_identifiers: int | None
    is_held_back: bool
    decided: str


class ShownDecision(NamedTuple):
    """A decision that was taken."""

    at: datetime
    what: str
    by: str
    reason: str
    a: str
    b: str
    can_be_withdrawn: bool


def show_review(review: Mapping[str, Any]) -> ShownReview:
    """A review as a card."""
    return ShownReview(
        review["review_id"],
        review["kind"],
        QUESTIONS.get(review["kind"], "Is it one person?"),
        review["because"] or "",
        review["customer_id"],
        review["identifier_a"],
        review["identifier_b"],
        review["n_identifiers"],
        review["is_held_back"],
        DECIDED.get(review["decision"] or "", review["decision"] or ""),
    )


def show_decisions(decisions: Iterable[Mapping[str, Any]]) -> list[ShownDecision]:
    """Decisions, the newest first."""
    return [
        ShownDecision(
            datetime.fromisoformat(one["decided_at"]),
            DECIDED.get(one["decision"], one["decision"]),
            one["decided_by"],
            one["reason"],
            one["identifier_a"],
            one["identifier_b"],
            one["is_in_force"] and one["decision"] != "withdraw",
        )
        for one in reversed([*decisions])
    ]


def list_steps(answer: Mapping[str, Any]) -> list[tuple[str, str, str, bool]]:
    """The links that join two identifiers, or would: what says so, its evidence, since when, and whether it
    is followed.
    """
    return [
        (link["rule"].replace("_", " "), link["evidence"], link["first_seen_at"][:10], link["is_followed"])
        for link in answer["path"] or answer["held"]
    ]
