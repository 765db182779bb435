"""The home's file of identity decisions, its errors turned into problems that a client can read."""

from pathlib import Path

from expectations.contracts import identity_decision_file
from expectations.contracts.identity_decisions import Decision, DecisionError
from serving_app.http.problems import DecisionsOutOfReach, DecisionsUnreadable


class DecisionFile:
    """Reads and appends identity decisions (`identity/decisions.csv`)."""

    def __init__(self, home: Path) -> None:
        self._path = home / identity_decision_file.DECISIONS_FILE

    def read_all(self) -> list[Decision]:
        """Every decision, in the order they were made.

        Raises:
            DecisionsUnreadable: a line is wrong, and must be put right first.
            DecisionsOutOfReach: the file cannot be read.
        """
        try:
            return identity_decision_file.read_decisions(self._path)
        except DecisionError as error:
            raise DecisionsUnreadable(f"{identity_decision_file.DECISIONS_FILE}: {error}") from None
        except OSError as error:
            raise _out_of_reach(error) from error

    def append(self, decision: Decision) -> None:
        """Add a decision; it is on disk when this returns.

        Raises:
            DecisionsOutOfReach: the file cannot be written; nothing is decided.
        """
        try:
            identity_decision_file.append_decision(self._path, decision)
        except OSError as error:
            raise _out_of_reach(error) from error


def _out_of_reach(error: OSError) -> DecisionsOutOfReach:
    return DecisionsOutOfReach(f"{identity_decision_file.DECISIONS_FILE}: {error.strerror or error}")
