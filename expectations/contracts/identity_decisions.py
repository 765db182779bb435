"""What people decided about who is who: `$CONCIERGE_HOME/identity/decisions.csv`, a line a decision, never
rewritten.

Its order is the order in which decisions were taken: the last line about a pair of identifiers is what holds
of it. Identifiers stand as their ids, so no personal value is in it; a reason that holds an e-mail address or
what may be a phone number is refused.

A writer that was killed may leave a last line without its end. What is less than a decision was never
answered for and counts for nothing; the next `append` puts it aside under `decisions.csv.torn`, where it can
be seen. Writers put the reason in quotes, so a line that was cut in it shows by the quote that is missing
(but where the cut parts a doubled quote); a whole last line without a newline, as some editors leave it,
counts.
"""

import csv
import fcntl
import hashlib
import io
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from expectations.contracts.files import sync_folder
from expectations.contracts.home import HomePaths
from expectations.contracts.personal import NOTHING_PERSONAL, has_personal_value

FILE = HomePaths(Path()).identity_decisions  # under the home
TORN = ".torn"
FIELDS = ("decided_at", "decision", "identifier_a", "identifier_b", "decided_by", "reason")
HEADER = ",".join(FIELDS)
SPLIT, REFUSE, JOIN, WITHDRAW = "split", "refuse", "join", "withdraw"
WORDS = {
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
        decision: one of `WORDS`.
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
        if self.decision not in WORDS:
            raise DecisionError(f"decision must be one of {', '.join(WORDS)}")
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
        return _row([at, *(getattr(self, name) for name in FIELDS[1:])])

    @property
    def written(self) -> str:
        """The line as a writer writes it, with its end: the reason in quotes, so that one that
        was cut shows.
        """
        return (
            self.line.removesuffix(_row(["", self.reason])[1:]) + '"' + self.reason.replace('"', '""') + '"\n'
        )

    @property
    def decision_id(self) -> str:
        """`d_` and 24 hex digits of the line's SHA-256, however the line was quoted."""
        return f"d_{hashlib.sha256(self.line.encode()).hexdigest()[:24]}"


def parse(text: str) -> list[Decision]:
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
            made = _parsed(line, number)
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


def read(path: Path) -> list[Decision]:
    """The decisions taken so far; none where nobody took any.

    Raises:
        DecisionError: as `parse` does, or a line is not UTF-8.
        OSError: it is there and cannot be read.
    """
    try:
        return parse(_text(path.read_bytes()))
    except FileNotFoundError:
        return []


def append(path: Path, decision: Decision) -> None:
    """Add a decision; it is on disk when this returns. Many processes may do so at once.

    Raises:
        OSError: it could not be written, and the file is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o640)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        size, joint = _mend(path, handle)
        data = f"{joint}{decision.written}".encode()
        try:
            if os.write(handle, data) < len(data):
                raise OSError(f"{path.name}: no room for a whole line")
            os.fsync(handle)
        except OSError:
            os.ftruncate(handle, size)
            raise
        if not size:
            sync_folder(path.parent)
    finally:
        os.close(handle)


def in_force(decisions: Iterable[Decision]) -> list[Decision]:
    """The last word about each pair, in the order they were spoken; a pair whose last word is `withdraw` has
    none.
    """
    last: dict[tuple[str, str], Decision] = {}
    for one in decisions:
        last.pop(one.pair, None)
        last[one.pair] = one
    return [one for one in last.values() if one.decision != WITHDRAW]


def _text(data: bytes) -> str:
    """The file as text. Nothing is replaced: a reason in another encoding would read otherwise than meant,
    under another id.
    """
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        whole, number = data.rfind(b"\n") + 1, data.count(b"\n", 0, error.start) + 1
        if error.start >= whole and error.end == len(data) and is_torn(data[whole : error.start].decode()):
            return data[: error.start].decode()  # cut within a letter
        raise DecisionError(f"line {number} is not UTF-8; save the file as UTF-8") from None


def _row(fields: Iterable[str]) -> str:
    """Fields as `csv` writes them: in quotes where they must be."""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(fields)
    return out.getvalue()


def _parsed(line: str, number: int) -> Decision:
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


def _mend(path: Path, handle: int) -> tuple[int, str]:
    """The file's size once a torn end is put aside, and what must stand before the next line: a header, a
    line's end, nothing.
    """
    size = os.fstat(handle).st_size
    data = os.pread(handle, size, 0)
    whole = data.rfind(b"\n") + 1
    tail = data[whole:].decode(errors="replace")
    if not tail:
        return size, "" if size else f"{HEADER}\n"
    if not whole and HEADER.startswith(tail):
        os.ftruncate(handle, 0)
        return 0, f"{HEADER}\n"
    if not is_torn(tail) or not whole:
        return size, "\n"
    with path.with_name(path.name + TORN).open("ab") as out:
        out.write(data[whole:] + b"\n")
        out.flush()
        os.fsync(out.fileno())
    os.ftruncate(handle, whole)
    return whole, ""
