"""The newest entries into a segment and exits from it, read from the end of the log of transitions."""

from pathlib import Path

from expectations.contracts.home import HomePaths
from expectations.contracts.transitions import Transition, decode_transition
from serving_app.memberships.told_log import list_files, read_file

MOST_FILES = 3  # of an hour each; the page shows what is new


class SegmentTurns:
    """Reads the log of transitions of a home."""

    def __init__(self, home: Path) -> None:
        self._folder = HomePaths(home).transitions

    def list_newest(self, segment_id: str, most: int) -> list[Transition]:
        """The newest turns of a segment, of the last files; oldest first."""
        marker = segment_id.encode()
        found: list[Transition] = []
        for file in list_files(self._folder)[: -MOST_FILES - 1 : -1]:
            turns = [decode_transition(line) for line in read_file(file) if marker in line]
            found = [turn for turn in turns if turn.segment_id == segment_id] + found
            if len(found) >= most:
                break
        return found[-most:]
