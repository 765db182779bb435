"""The snapshot that `published.json` names; where that one is damaged, the newest intact one before it.

A request never waits long for a snapshot to be copied and verified: it is answered from the one before, while
a thread opens the other.
"""

import contextlib
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from expectations.contracts.files import FileStamps, LookTimer, read_file_stamps
from expectations.contracts.home import HomePaths
from expectations.contracts.manifest import (
    DATA_FILE,
    FILE,
    SnapshotDamaged,
    SnapshotManifest,
    verify_snapshot,
)
from expectations.contracts.published import FILE as PUBLISHED_FILE
from expectations.contracts.published import (
    Published,
    PublishedUnreadable,
    find_older_records,
    read_last_deployed,
    read_published_history,
)
from serving_app.storage.snapshots import NOTHING_PUBLISHED, Snapshot, SnapshotUnreadable
from serving_app.storage.verified_snapshot import VerifiedSnapshot, open_snapshot

VERIFY_EVERY = timedelta(minutes=10)  # a snapshot of 1 GB is read in 1.3 s


class PublishedSnapshots:
    """A `SnapshotStore` on disk; it opens what is newly published, and keeps what is
    open when nothing better can be opened.

    `describe_problem` says everything that is wrong, by the snapshot's name.
    """

    def __init__(
        self, home: Path, patience_seconds: float | None = None, look_every_seconds: float = 0.0
    ) -> None:
        """
        Args:
            patience_seconds: how long a request waits for another snapshot to be opened while it could have
                the one before; None: until it is open.
            look_every_seconds: how often a request looks whether another is published.
        """
        self._looks, self._published_file = LookTimer(look_every_seconds), str(home / PUBLISHED_FILE)
        self._home, self._patience = home, patience_seconds
        self._lock, self._follow_lock = threading.Lock(), threading.Lock()
        self._followed: FileStamps | None = None
        self._opening = threading.Thread()
        self._snapshot: VerifiedSnapshot | None = None
        self._problem = NOTHING_PUBLISHED
        self._verified: tuple[FileStamps, datetime] | None = None

    def get_current(self) -> Snapshot | None:
        if self._snapshot is not None and not self._looks.is_due():
            return self._snapshot
        stamp = read_file_stamps(self._published_file)
        if stamp != self._followed:
            with self._lock:
                if stamp != self._followed:
                    opening = threading.Thread(target=self._follow, name="open-snapshot", daemon=True)
                    # started before others can see it: a thread that has not started cannot be joined
                    opening.start()
                    self._opening, self._followed = opening, stamp
            self._opening.join(self._patience if self._snapshot else None)
        elif self._snapshot is None and self._opening.is_alive():
            self._opening.join()
        return self._snapshot

    def describe_problem(self) -> str:
        self.get_current()
        return self._problem

    def verify(self, now: datetime) -> None:
        """Verify what is served and what is published once more, every `VERIFY_EVERY` and when a file has
        changed: for a timer.
        """
        self.get_current()
        files = self._stamp_published_files()
        if self._verified and self._verified[0] == files and now - self._verified[1] < VERIFY_EVERY:
            return
        self._follow(is_thorough=True)
        self._verified = files, now

    def _follow(self, is_thorough: bool = False) -> None:
        """Serve the first of the published snapshot and those before it that is intact."""
        with self._follow_lock:
            flaws: list[str] = []
            intact = (self._open_intact(name, is_thorough, flaws) for name in self._list_names(flaws))
            self._snapshot = next(filter(None, intact), self._snapshot)
            if flaws and self._snapshot:
                flaws.append(f"snapshot {self._snapshot.name} is served")
            self._problem = "; ".join(flaws) or ("" if self._snapshot else NOTHING_PUBLISHED)

    def _list_names(self, flaws: list[str]) -> Iterator[str]:
        """The published snapshot, then those that may stand in for it; adds to `flaws` why the published
        record cannot be read.
        """
        try:
            record = Published.read_published_file(self._home)
        except PublishedUnreadable as error:
            record = None
            flaws.append(str(error))
        if record is None:
            record = read_last_deployed(self._home) or next(iter(read_published_history(self._home)), None)
            if not flaws and (record or self._snapshot):
                flaws.append(f"{PUBLISHED_FILE} is missing")
        if record is not None:
            if record.snapshot:  # a warehouse may be published without lists
                yield record.snapshot
            yield from (
                before.snapshot for before in find_older_records(self._home, record) if before.snapshot
            )

    def _open_intact(self, name: str, is_thorough: bool, flaws: list[str]) -> VerifiedSnapshot | None:
        """The snapshot of this name; None when it is damaged, with a sentence added to `flaws`."""
        opened = self._snapshot if self._snapshot and self._snapshot.name == name else None
        folder = HomePaths(self._home).snapshots / name
        try:
            if opened and opened.is_private and SnapshotManifest.read(folder) == opened.manifest:
                if is_thorough:
                    opened.verify()
                    verify_snapshot(folder)
                return opened
            return open_snapshot(folder, HomePaths(self._home).verified_snapshots / name, flaws)
        except (SnapshotUnreadable, SnapshotDamaged) as error:
            flaws.append(str(error))
        with contextlib.suppress(SnapshotDamaged):
            if opened and opened.is_private:
                opened.verify()
                return opened  # its copy has outlived the file it was made of
        return None

    def _stamp_published_files(self) -> FileStamps:
        with contextlib.suppress(PublishedUnreadable):
            if record := Published.read_published_file(self._home):
                folder = HomePaths(self._home).snapshots / record.snapshot
                return read_file_stamps(self._home / PUBLISHED_FILE, folder / DATA_FILE, folder / FILE)
        return read_file_stamps(self._home / PUBLISHED_FILE)
