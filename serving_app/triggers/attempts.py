"""What an attempt to notify an endpoint came to."""

from enum import Enum
from typing import NamedTuple

MOST_RETRY_AFTER = 3_600.0


class Outcome(Enum):
    """What an attempt came to. `REFUSED`: the endpoint works and does not want this one; `FAILED`: the
    endpoint does not work, or cannot be reached.
    """

    ACCEPTED = "accepted"
    REFUSED = "refused"
    FAILED = "failed"


class Attempt(NamedTuple):
    """What came of one attempt.

    Attributes:
        reason: of a failure, in words without anything of the answer.
        retry_after: seconds that the endpoint asks for.
    """

    outcome: Outcome
    reason: str = ""
    retry_after: float = 0.0


def judge_answer(status: int, retry_after: str = "") -> Attempt:
    """What a status says: 2xx is accepted; a redirect is not followed, and is a fault of the declaration."""
    if 200 <= status < 300:
        return Attempt(Outcome.ACCEPTED)
    is_alive = 400 <= status < 500 and status not in (408, 429)
    seconds = min(float(retry_after), MOST_RETRY_AFTER) if retry_after.isdecimal() else 0.0
    return Attempt(Outcome.REFUSED if is_alive else Outcome.FAILED, f"status {status}", seconds)
