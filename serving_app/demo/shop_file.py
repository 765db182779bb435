"""`demo.json` of a home: as whom one can look at the demo shop, and the key of its pages; `make demo` writes
it.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class DemoCustomer:
    """A customer as whom one can look at the shop.

    Attributes:
        story: what is known of them, for people: "Champion · 12 orders, mostly Pets".
    """

    user_id: str
    story: str


@dataclass(frozen=True)
class DemoFile:
    """What `make demo` prepares.

    Attributes:
        page_key: a browser's key; empty in a home without keys.
    """

    customers: tuple[DemoCustomer, ...] = ()
    page_key: str = ""


def read_demo_file(path: Path) -> DemoFile:
    """What a file holds; nothing where there is none, or it holds something else."""
    try:
        document = json.loads(path.read_text())
        customers = tuple(
            DemoCustomer(str(one["user_id"]), str(one["story"])) for one in document["customers"]
        )
        return DemoFile(customers, str(document["page_key"]))
    except (OSError, ValueError, KeyError, TypeError):
        return DemoFile()


def write_demo_file(path: Path, demo: DemoFile) -> None:
    """Write it, for the owner's eyes alone, whole or not at all."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.touch(0o600)
    beside.write_text(json.dumps(asdict(demo), indent=1))
    beside.replace(path)
