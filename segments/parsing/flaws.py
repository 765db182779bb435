"""What is wrong with a definition, and where."""

from collections.abc import Iterable
from dataclasses import dataclass

MOST_REPORTED = 20


@dataclass(frozen=True, slots=True, order=True)
class Flaw:
    """One thing that is wrong.

    Attributes:
        line: from 1, as `column`.
        is_structural: the JSON schema refuses it too; otherwise its meaning is wrong (a field that does not
            exist, a text with `>`).
    """

    line: int
    column: int
    message: str
    is_structural: bool = True


class SegmentError(ValueError):
    """A definition cannot be understood. The message says where, what is wrong, and what is allowed."""

    def __init__(self, message: str, flaws: Iterable[Flaw] = ()) -> None:
        super().__init__(message)
        self.flaws = tuple(flaws)


def build_error(file: str, flaws: Iterable[Flaw]) -> SegmentError:
    """The error of a file: a line for each flaw, `file:line:column: what is wrong`, in the file's order."""
    ordered = sorted(set(flaws))
    lines = [f"{file}:{flaw.line}:{flaw.column}: {flaw.message}" for flaw in ordered[:MOST_REPORTED]]
    if len(ordered) > MOST_REPORTED:
        lines.append(f"{file}: and {len(ordered) - MOST_REPORTED} more")
    return SegmentError("\n".join(lines), ordered)
