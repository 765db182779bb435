"""What came of memberships, read from files: the newest entries and exits from the end of the log of
transitions, and what a night has corrected.
"""

from pathlib import Path
from typing import Any

from expectations.contracts.home import HomePaths
from expectations.contracts.transitions import Transition, decode_transition
from serving_app.console.log_reading import read_end, read_object
from serving_app.console.segment_records import Corrections, show_corrections
from serving_app.memberships.told_log import is_transition, list_files

MOST_FILES = 3  # of an hour each; the page shows what is new, and asks for it every other second
MOST_BYTES = 1 << 20  # of each file's end: some 4,000 turns


class SegmentTurns:
    """Reads files of a home.

    Attributes:
        has_files: whether entries and exits are in files here; the stream tells them to a topic.
    """

    def __init__(self, home: Path, *, has_files: bool = True) -> None:
        self._paths, self.has_files = HomePaths(home), has_files

    def list_newest(self, segment_id: str, most: int) -> list[Transition]:
        """The newest turns of a segment, of the ends of the last files; oldest first."""
        marker = segment_id.encode()
        found: list[Transition] = []
        for file in list_files(self._paths.transitions)[: -MOST_FILES - 1 : -1]:
            lines = read_end(file, MOST_BYTES).splitlines()
            turns = [decode_transition(line) for line in lines if marker in line and is_transition(line)]
            found = [turn for turn in turns if turn.segment_id == segment_id] + found
            if len(found) >= most:
                break
        return found[-most:]

    def find_corrections(self, run_slug: str, segment_id: str) -> Corrections | None:
        """What the night of a run has corrected of a segment's members; None: nothing, or it says nothing."""
        report: dict[str, Any] = read_object(self._paths.segment_corrections_report(run_slug))
        return show_corrections(report, segment_id)
