"""How far each consumer of a log has read, a file each, for logs that keep none themselves."""

import json
from pathlib import Path
from urllib.parse import quote

from expectations.contracts.files import write_text_atomically
from serving_app.storage.event_log import START, LogUnavailable, Position


class PositionFiles:
    """The positions of a log's consumers in a folder."""

    def __init__(self, folder: Path, title: str) -> None:
        """
        Args:
            title: what messages call the log.
        """
        self._folder, self._title = folder, title

    def commit(self, consumer: str, position: Position) -> None:
        """Store durably how far a consumer has read.

        Raises:
            LogUnavailable: it cannot be stored.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_text_atomically(self._locate(consumer), json.dumps(dict(position), sort_keys=True))
        except OSError as error:
            raise LogUnavailable(
                f"how far {consumer} has read {self._title} cannot be stored: {error.strerror}"
            ) from error

    def get(self, consumer: str) -> Position:
        """How far a consumer has read; `START` of one that has committed nothing.

        Raises:
            LogUnavailable: what it has committed cannot be read.
        """
        try:
            return json.loads(self._locate(consumer).read_bytes())
        except FileNotFoundError:
            return START
        except (OSError, ValueError) as error:
            raise LogUnavailable(f"how far {consumer} has read {self._title} cannot be read") from error

    def _locate(self, consumer: str) -> Path:
        return self._folder / f"{quote(consumer, safe='')}.json"
