"""`$CONCIERGE_HOME/published.json`, the published record: readers follow it; a deployment replaces it by one
rename.

What it holds is written twice more: in `serving/history/<run>.json`, for each publish that is kept, and in
the last line of `serving/production.jsonl`. So a damaged record stops neither a night nor an answer.
"""

import contextlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from expectations.contracts.files import write_text_atomically
from expectations.contracts.home import HomePaths

FILE = HomePaths(Path()).published.name
HISTORY = HomePaths(Path()).history
DEPLOYMENTS = HomePaths(Path()).deployments


class PublishedUnreadable(ValueError):  # noqa: N818 - reads as what it says
    """What is published cannot be read; the message holds no path."""


@dataclass(frozen=True)
class Published:
    """What readers see now.

    Attributes:
        run_id: the run that published it.
        landing_date: newest landing day it holds, ISO.
        published_at: ISO time, UTC.
        snapshot: folder name under `serving/snapshots/`; empty where only a warehouse is published.
        warehouse_file: file name under `warehouse/builds/`; empty on Snowflake.
        model_version: registered model and version, as `concierge/<n>`; `none` before one is accepted.
        inputs: fingerprint of all that went in (landing files, code, settings): equal means nothing is new.
        table_versions: Delta version of each lake table.
    """

    run_id: str
    landing_date: str
    published_at: str
    snapshot: str
    warehouse_file: str
    model_version: str
    inputs: str
    table_versions: dict[str, int] = field(default_factory=dict)

    @property
    def shows(self) -> tuple[str, ...]:
        """What readers see of it. A run that is repeated with other content has another; why it was
        deployed is no matter.
        """
        return self.run_id, self.snapshot, self.warehouse_file, self.model_version

    @classmethod
    def read(cls, home: Path) -> "Published | None":
        """What is published, or None before the first night. Where the file is damaged, what the last
        deployment's line says.

        Raises:
            PublishedUnreadable: neither can be read.
        """
        try:
            return cls.read_published_file(home)
        except PublishedUnreadable:
            if (last := read_last_deployed(home)) is None:
                raise
            return last

    @classmethod
    def read_published_file(cls, home: Path) -> "Published | None":
        """What the file itself says; None where there is none.

        Raises:
            PublishedUnreadable: it is there and cannot be read.
        """
        try:
            return cls.parse((home / FILE).read_text())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise PublishedUnreadable(f"{FILE} cannot be read: {error.strerror}") from None
        except ValueError:
            raise PublishedUnreadable(f"{FILE} is damaged") from None

    @classmethod
    def parse(cls, text: str) -> "Published":
        """The record in a JSON text.

        Raises:
            ValueError: it is none.
        """
        return cls._of(_object(text))

    @classmethod
    def _of(cls, fields: Any) -> "Published":
        try:
            record = cls(**fields)
        except TypeError as error:
            raise ValueError(str(error)) from None
        texts = [value for name, value in vars(record).items() if name != "table_versions"]
        if not all(isinstance(value, str) for value in texts) or not isinstance(record.table_versions, dict):
            raise ValueError("a field is of another kind")
        if Path(record.snapshot).name != record.snapshot:
            raise ValueError("snapshot is no folder's name")
        return record

    def write(self, home: Path) -> None:
        """Let readers see it; on disk when this returns, so that no line says what a loss of power took
        back.
        """
        write_text_atomically(home / FILE, json.dumps(asdict(self), indent=2, sort_keys=True))


def read_published_history(home: Path) -> list[Published]:
    """What was published and is kept, newest first; a record that cannot be read is left out."""
    records = []
    for path in (home / HISTORY).glob("*.json"):
        with contextlib.suppress(OSError, ValueError):
            records.append(Published.parse(path.read_text()))
    return sorted(records, key=_age, reverse=True)


def find_older_records(home: Path, record: Published) -> list[Published]:
    """The kept publishes from before one, newest first: what may stand in for it. A later one was rolled back
    from.
    """
    return [
        one
        for one in read_published_history(home)
        if _age(one) < _age(record) and one.snapshot != record.snapshot
    ]


def read_last_deployed(home: Path) -> Published | None:
    """The record that was deployed last, by the last line that can be read; None where no line can."""
    try:
        lines = (home / DEPLOYMENTS).read_text(errors="replace").splitlines()
    except OSError:
        return None
    for line in reversed(lines):
        with contextlib.suppress(ValueError, TypeError, KeyError):
            return Published._of(_object(line)["record"])
    return None


def _age(record: Published) -> tuple[str, str]:
    return record.published_at, record.run_id


def _object(text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
