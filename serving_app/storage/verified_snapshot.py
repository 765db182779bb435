"""A snapshot on disk, verified by its manifest before anything is read from it."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import lmdb

from expectations.contracts import snapshot as contract
from expectations.contracts.manifest import DATA_FILE, FILE, SnapshotManifest
from serving_app.storage.private_copy import open_private_copy
from serving_app.storage.snapshots import Snapshot, SnapshotUnreadable


class VerifiedSnapshot(Snapshot):
    """A snapshot read from a copy that nobody else can change, or in place where there is no room for a copy.

    Attributes:
        manifest: what it was verified by; None of a snapshot made before layout 3.
        is_private: whether it is read from a copy.
    """

    def __init__(
        self, name: str, file: BinaryIO, manifest: SnapshotManifest | None, is_private: bool
    ) -> None:
        """
        Args:
            file: verified, and this snapshot's to keep open.

        Raises:
            SnapshotUnreadable: it is no snapshot.
        """
        self.manifest, self.is_private, self._file = manifest, is_private, file
        try:
            # It never changes, so no lock file and no reader table are needed.
            env = lmdb.open(
                f"/dev/fd/{file.fileno()}",
                subdir=False,
                readonly=True,
                lock=False,
                create=False,
                readahead=False,
            )
            n_bytes = (env.info()["last_pgno"] + 1) * env.stat()["psize"]
            # without a manifest, its length is all that can be checked; to read on would end the process
            if n_bytes > file.seek(0, 2):
                raise SnapshotUnreadable(f"snapshot {name} is damaged: {DATA_FILE} is shorter than it says")

            # It never changes, so neither does what a transaction sees; one serves a thread at a time.
            idle: list[lmdb.Transaction] = []

            def get(key: bytes) -> bytes | None:
                try:
                    txn = idle.pop()
                except IndexError:
                    txn = env.begin()
                value = txn.get(key)
                idle.append(txn)
                return value

            def iterate_keys(first: bytes) -> Iterator[bytes]:
                with env.begin() as txn, txn.cursor() as cursor:
                    if cursor.set_range(first):
                        yield from cursor.iternext(keys=True, values=False)

            super().__init__(name, get, iterate_keys)
        except lmdb.Error:
            raise SnapshotUnreadable(f"snapshot {name} is damaged: {DATA_FILE} is no LMDB file") from None
        if manifest is None and self.meta.layout >= contract.VERIFIED_SINCE:
            raise SnapshotUnreadable(f"snapshot {name} is damaged: its {FILE} is missing")

    def verify(self) -> None:
        """Check the whole file against the manifest once more.

        Raises:
            SnapshotDamaged: it is no longer what was written.
        """
        if self.manifest:
            self.manifest.verify(self._file)


def open_snapshot(folder: Path, link: Path, flaws: list[str]) -> VerifiedSnapshot:
    """The snapshot in a folder.

    Args:
        link: where its private copy is offered to other workers.
        flaws: receives a sentence when the snapshot must be read in place.

    Raises:
        SnapshotDamaged: it is not what was written.
        SnapshotUnreadable: it is not there, or no snapshot that this build reads.
    """
    manifest = SnapshotManifest.read(folder)
    verify = manifest.verify if manifest else _accept
    is_private = True
    try:
        try:
            file = open_private_copy(folder / DATA_FILE, link, verify)
        except FileNotFoundError:
            raise
        except OSError as error:
            file, is_private = (folder / DATA_FILE).open("rb"), False
            verify(file)
            flaws.append(
                f"snapshot {folder.name} is read in place, since no copy can be made: {error.strerror}"
            )
    except OSError as error:
        raise SnapshotUnreadable(
            f"snapshot {folder.name} cannot be read: {DATA_FILE}: {error.strerror}"
        ) from None
    return VerifiedSnapshot(folder.name, file, manifest, is_private)


def _accept(file: BinaryIO) -> None:
    """Verify nothing, as for a snapshot made before manifests."""
