"""`$CONCIERGE_HOME/published.json`: the one switch. Readers follow it, `publish` alone writes it, by one rename."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from expectations.contracts.files import put_text

FILE = "published.json"


@dataclass(frozen=True)
class Published:
    """What readers see now.

    Attributes:
        run_id: the run that published it.
        landing_date: newest landing day it holds, ISO.
        published_at: ISO time, UTC.
        snapshot: folder name under `serving/snapshots/`.
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
        """What readers see of it. A run that is repeated with other content has another; why it was switched to is no matter."""
        return self.run_id, self.snapshot, self.warehouse_file, self.model_version

    @classmethod
    def read(cls, home: Path) -> "Published | None":
        """What is published, or None before the first night."""
        try:
            said: dict[str, Any] = json.loads((home / FILE).read_text())
        except FileNotFoundError:
            return None
        return cls(**said)

    def write(self, home: Path) -> None:
        """Switch readers over; on disk when this returns, so that no line says what a loss of power took back."""
        put_text(home / FILE, json.dumps(asdict(self), indent=2, sort_keys=True))
