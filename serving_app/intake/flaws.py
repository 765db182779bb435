"""Why an event is refused."""

from typing import NamedTuple


class Flaw(NamedTuple):
    """What is wrong with an event.

    Attributes:
        reason: a code of `contracts/reasons.py`, the one that ingest would refuse it by.
        detail: which field, and what is allowed; never a value that was sent.
    """

    reason: str
    detail: str


class Refused(Exception):  # noqa: N818 - reads as what it says
    """An event cannot be taken; it goes to quarantine."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.flaw = Flaw(reason, detail)
