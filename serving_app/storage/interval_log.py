"""An append log whose records are written at once and synced a few milliseconds later, all together.

A record is with the operating system when `append` returns: killing the process loses none. A power cut may
lose those of the last interval. On a disk whose syncs take 2 ms this is what makes an answer wait for none.
"""

import os
import threading
import time
from typing import Any

from serving_app.storage.append_log import AppendLog

SYNC_SECONDS = 0.005


class IntervalLog(AppendLog):
    """As `AppendLog`, but for when records are synced."""

    def __init__(self, *args: Any, sync_seconds: float = SYNC_SECONDS, **kwargs: Any) -> None:
        """
        Args:
            sync_seconds: the longest that a record waits for its sync to begin; 0: `sync` is called by hand.
        """
        super().__init__(*args, **kwargs)
        self._sync_seconds, self._n_synced = sync_seconds, 0
        self._is_due = threading.Event()
        self._thread: threading.Thread | None = None

    def sync(self) -> None:
        """Make what was written durable. Appends go on meanwhile."""
        with self._commit_lock:
            if self._file is None or not self._is_due.is_set():
                return
            self._is_due.clear()
            handle, path, n_records = os.dup(self._file), self._path, self._n_records
        try:
            os.fdatasync(handle)
            error = None
        except OSError as caught:
            error = caught
        finally:
            os.close(handle)
        with self._commit_lock:
            if error:
                self._count_unsynced(error, n_records)
            if path == self._path:
                self._n_synced = n_records
                if error and self._file is not None:
                    # After a failed sync the file is unreliable: it is finished like a dead worker's.
                    os.close(self._file)
                    self._file = None

    def _make_durable(self) -> None:
        if not self._is_due.is_set():
            self._is_due.set()
        if self._thread is None and self._sync_seconds:
            self._thread = threading.Thread(target=self._sync_repeatedly, name="log-sync", daemon=True)
            self._thread.start()

    def _sync_repeatedly(self) -> None:
        while True:
            self._is_due.wait()
            time.sleep(self._sync_seconds)
            self.sync()

    def _open(self) -> None:
        super()._open()
        self._n_synced = 0

    def _finish(self) -> None:
        """`land` may copy a finished file, so all of it is on disk."""
        if self._is_due.is_set():
            self._is_due.clear()
            try:
                os.fdatasync(self._file)
            except OSError as error:
                self._count_unsynced(error, self._n_records)
        super()._finish()

    def _count_unsynced(self, error: OSError, n_records: int) -> None:
        self.n_unlogged += n_records - self._n_synced
        self._set_problem(error)
