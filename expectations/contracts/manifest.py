"""`manifest.json` in a snapshot's folder: what its one file must be, so that damage is seen before anything
is read from it.

It holds the snapshot's own name too: a whole folder put in another's place is found out as well.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

FILE, DATA_FILE = "manifest.json", "data.mdb"


class SnapshotDamaged(RuntimeError):  # noqa: N818 - reads as what it says
    """A snapshot is not what `publish` wrote; the message names it and holds no path."""


@dataclass(frozen=True)
class SnapshotManifest:
    """What `data.mdb` of the snapshot `name` is: its size in bytes, and its SHA-256 in hex."""

    name: str
    size: int
    sha256: str

    @classmethod
    def of(cls, name: str, data: Path) -> "SnapshotManifest":
        """The manifest of a file as it is now."""
        with data.open("rb") as file:
            return cls(name, os.fstat(file.fileno()).st_size, _sha256(file))

    def write(self, folder: Path) -> None:
        """Put it beside the file, on disk when this returns. Nobody reads the folder before it
        has its name.
        """
        with (folder / FILE).open("w") as out:
            out.write(json.dumps(asdict(self), indent=2))
            out.flush()
            os.fsync(out.fileno())

    @classmethod
    def read(cls, folder: Path) -> "SnapshotManifest | None":
        """The manifest of a snapshot's folder; None where there is none, as of a snapshot made before layout
        3.

        Raises:
            SnapshotDamaged: it cannot be read, or is another snapshot's.
        """
        try:
            manifest = cls(**json.loads((folder / FILE).read_text()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, RecursionError):
            raise SnapshotDamaged(f"snapshot {folder.name} is damaged: its {FILE} cannot be read") from None
        if manifest.name != folder.name:
            raise SnapshotDamaged(f"snapshot {folder.name} is damaged: its {FILE} is another snapshot's")
        return manifest

    def verify(self, file: BinaryIO) -> None:
        """Read the whole file (770 MB a second) and compare.

        Raises:
            SnapshotDamaged: it has another size or another content.
        """
        size = os.fstat(file.fileno()).st_size
        if size != self.size:
            raise SnapshotDamaged(
                f"snapshot {self.name} is damaged: {DATA_FILE} has {size:,} bytes, not {self.size:,}"
            )
        if _sha256(file) != self.sha256:
            raise SnapshotDamaged(
                f"snapshot {self.name} is damaged: the content of {DATA_FILE} is not what was"
                " written (SHA-256)"
            )


def verify_snapshot(folder: Path) -> None:
    """Compare a snapshot's file with its manifest; one without a manifest passes.

    Raises:
        SnapshotDamaged: they differ, or either cannot be read.
    """
    manifest = SnapshotManifest.read(folder)
    if manifest is None:
        return
    try:
        with (folder / DATA_FILE).open("rb") as file:
            manifest.verify(file)
    except OSError as error:
        raise SnapshotDamaged(f"snapshot {folder.name} is damaged: {DATA_FILE}: {error.strerror}") from None


def _sha256(file: BinaryIO) -> str:
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()
