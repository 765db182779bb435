"""What people decided about who is who: `$CONCIERGE_HOME/identity/decisions.csv`, a line a decision, never
rewritten.

Its order is the order in which decisions were taken: the last line about a pair of identifiers is what holds
of it. Identifiers stand as their ids, so no personal value is in it; a reason that holds an e-mail address or
what may be a phone number is refused.
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from expectations.contracts.personal import NOTHING_PERSONAL, has_personal_value

FIELDS = ("decided_at", "decision", "identifier_a", "identifier_b", "decided_by", "reason")
HEADER = ",".join(FIELDS)
SPLIT, REFUSE, JOIN, WITHDRAW = "split", "refuse", "join", "withdraw"
DECISION_MEANINGS = {
    SPLIT: "the two are never one customer",
    REFUSE: "the link between the two is not followed",
    JOIN: "the two are one customer",
    WITHDRAW: "as if nothing had been said of the two",
}
MAX_TEXT = 500
IDENTIFIER = re.compile(r"i_[0-9a-f]{32}")


class DecisionError(ValueError):
    """A decision that is not one. Says what is wrong and what is allowed, never what was given: it may be an
    e-mail.
    """


@dataclass(frozen=True)
class Decision:
    """One decision about two identifiers.

    Attributes:
        decided_at: given with its zone, kept in UTC.
        decision: one of `DECISION_MEANINGS`.
        identifier_a, identifier_b: `identifier_id`s, in any order.
        decided_by: who answers for it: a name or initials.
        reason: one line.

    Raises:
        DecisionError: a field is not what it must be.
    """

    decided_at: datetime
    decision: str
    identifier_a: str
    identifier_b: str
    decided_by: str
    reason: str

    def __post_init__(self) -> None:
        if self.decided_at.utcoffset() is None:
            raise DecisionError("decided_at needs its offset: 2026-02-21T12:00:00Z")
        try:
            object.__setattr__(self, "decided_at", self.decided_at.astimezone(UTC))
        except OverflowError:
            raise DecisionError("decided_at lies beyond the years that a clock can tell") from None
        if self.decision not in DECISION_MEANINGS:
            raise DecisionError(f"decision must be one of {', '.join(DECISION_MEANINGS)}")
        for name in ("identifier_a", "identifier_b"):
            if not IDENTIFIER.fullmatch(getattr(self, name)):
                raise DecisionError(f"{name} must be an identifier_id: i_ and 32 hexadecimal digits")
        if self.identifier_a == self.identifier_b:
            raise DecisionError("identifier_a and identifier_b must be two identifiers")
        for name in ("decided_by", "reason"):
            text = getattr(self, name)
            if not text.strip() or text != text.strip() or not text.isprintable() or len(text) > MAX_TEXT:
                raise DecisionError(
                    f"{name} must be one line of 1 to {MAX_TEXT} printable characters, without spaces"
                    " around it"
                )
            if has_personal_value(text):
                raise DecisionError(f"{name} must hold {NOTHING_PERSONAL}")

    @property
    def pair(self) -> tuple[str, str]:
        """The two identifiers, whichever was named first."""
        return min(self.identifier_a, self.identifier_b), max(self.identifier_a, self.identifier_b)

    @property
    def line(self) -> str:
        """The decision as a line of the file, without its end."""
        at = self.decided_at.isoformat(timespec="microseconds").replace("+00:00", "Z")
        return _format_row([at, *(getattr(self, name) for name in FIELDS[1:])])

    @property
    def quoted_line(self) -> str:
        """The line as a writer writes it, with its end: the reason in quotes, so that one that
        was cut shows.
        """
        return (
            self.line.removesuffix(_format_row(["", self.reason])[1:])
            + '"'
            + self.reason.replace('"', '""')
            + '"\n'
        )

    @property
    def decision_id(self) -> str:
        """`d_` and 24 hex digits of the line's SHA-256, however the line was quoted."""
        return f"d_{hashlib.sha256(self.line.encode()).hexdigest()[:24]}"


def parse_decisions(text: str) -> list[Decision]:
    """The decisions of a file, in its order; of lines that say the very same, the last.

    Args:
        text: the whole file. Blank lines, a byte order mark and carriage returns are no matter.

    Raises:
        DecisionError: the first line that is wrong, by its number.
    """
    found: dict[str, Decision] = {}
    *whole, last = text.removeprefix("\ufeff").split("\n")
    if not whole:
        if HEADER.startswith(last):  # empty, or cut off in the header
            return []
        whole, last = [last], ""
    for number, line in enumerate([*whole, *([] if is_torn(last) else [last])], 1):
        line = line.rstrip("\r")
        if number == 1 and line != HEADER:
            raise DecisionError(f"line 1 must be the header: {HEADER}")
        if number > 1 and line.strip():
            made = _parse_line(line, number)
            found.pop(made.decision_id, None)
            found[made.decision_id] = made
    return list(found.values())


def is_torn(tail: str) -> bool:
    """Whether what stands behind the last line's end is less than a decision: its fields are not all there,
    its reason lacks its closing quote, or was cut where no reason ends. All else is judged like any line: a
    hand that ended no line meant it."""
    if not tail:
        return False
    try:
        fields = next(csv.reader([tail.rstrip("\r")], strict=True))
    except csv.Error:
        return True
    return len(fields) < len(FIELDS) or fields[-1] != fields[-1].strip() or not fields[-1]


def select_in_force(decisions: Iterable[Decision]) -> list[Decision]:
    """The last word about each pair, in the order they were spoken; a pair whose last word is `withdraw` has
    none.
    """
    last: dict[tuple[str, str], Decision] = {}
    for one in decisions:
        last.pop(one.pair, None)
        last[one.pair] = one
    return [one for one in last.values() if one.decision != WITHDRAW]


def _format_row(fields: Iterable[str]) -> str:
    """Fields as `csv` writes them: in quotes where they must be."""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(fields)
    return out.getvalue()


def _parse_line(line: str, number: int) -> Decision:
    try:
        fields = next(csv.reader([line], strict=True))
    except csv.Error:
        raise DecisionError(
            f"line {number}: its quotes do not match; a quote within a field in quotes is written twice"
        ) from None
    if len(fields) != len(FIELDS):
        raise DecisionError(f"line {number} has {len(fields)} fields; a decision has {len(FIELDS)}: {HEADER}")
    try:
        at = datetime.fromisoformat(fields[0])
    except ValueError:
        raise DecisionError(f"line {number}: decided_at must be a time: 2026-02-21T12:00:00Z") from None
    try:
        return Decision(at, *fields[1:])
    except DecisionError as error:
        raise DecisionError(f"line {number}: {error}") from None
