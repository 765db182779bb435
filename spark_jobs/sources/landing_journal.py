"""What `stream/landed.json` says: how far topics have landed."""

import json
from pathlib import Path
from typing import Any, NamedTuple

Positions = dict[int, int]  # by partition, the offset behind the last line that has landed


class Journal(NamedTuple):
    """What has landed.

    Attributes:
        positions: of each topic.
        renames: files that are to get their names: hidden one → name.
        whole_until: by topic, the moment of which all that it held has landed, as ISO text.
        topic_ids: by topic, which of that name has landed.
    """

    positions: dict[str, Positions]
    renames: dict[str, str]
    whole_until: dict[str, str]
    topic_ids: dict[str, str]


def read_journal(file: Path) -> Journal:
    """What the file says; nothing has landed where there is none.

    Raises:
        ValueError: it cannot be read. Landing everything again would double it.
    """
    try:
        fields: dict[str, Any] = json.loads(file.read_text())
        positions = {
            topic: {int(partition): int(offset) for partition, offset in mine.items()}
            for topic, mine in fields["positions"].items()
        }
        ids = dict(fields.get("topic_ids", {}))
        return Journal(positions, dict(fields["renames"]), dict(fields["whole_until"]), ids)
    except FileNotFoundError:
        return Journal({}, {}, {}, {})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{file} does not say how far topics have landed: {error}") from error
