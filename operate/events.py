"""`make events`: holds the declarations of events against those that are registered; REGISTER=1 registers new
versions that break nothing.

A registered version never changes, since clients follow it. What a new one breaks is named with the dbt
models and segments that use the field.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path

from expectations.contracts.event_compatibility import Breach, find_breaches
from expectations.contracts.event_format import FOLDER, EventSchema, read_event_schemas
from expectations.contracts.files import write_text_atomically
from expectations.contracts.lake import CORE_EVENTS
from operate.field_lineage import Model, find_segments, find_uses, read_models

REGISTRY = "registered.json"
EVENT_TYPE = "event_type"  # the column that an event's name decides
MOST_NAMES = 6  # of models in a sentence


def hash_schema(schema: EventSchema) -> str:
    """SHA-256 of a declaration, however it is written."""
    return hashlib.sha256(json.dumps(schema.document, sort_keys=True).encode()).hexdigest()


def read_registry(folder: Path) -> dict[str, str]:
    """By `<event>/<version>` the hash of what is registered."""
    file = folder / REGISTRY
    return json.loads(file.read_text()) if file.exists() else {}


def list_flaws(
    schemas: Mapping[str, tuple[EventSchema, ...]],
    registered: Mapping[str, str],
    describe_users: Callable[[EventSchema, Breach], str],
) -> Iterator[str]:
    """A sentence for each thing that keeps the declarations from being registered."""
    there = {f"{slug}/{one.version}": one for slug, versions in schemas.items() for one in versions}
    for name, digest in registered.items():
        if name not in there:
            yield f"{name} is registered and gone: clients send it still"
        elif hash_schema(there[name]) != digest:
            slug, version = name.split("/")
            yield f"{name} is registered and was changed: make it {slug}/{int(version) + 1} instead"
    for slug, versions in schemas.items():
        if [one.version for one in versions] != list(range(1, len(versions) + 1)):
            yield f"{slug} has the versions {', '.join(str(one.version) for one in versions)}: count from 1"
        for old, new in pairwise(versions):
            for breach in find_breaches(old, new):
                what = f"{breach.field} {breach.change}" if breach.field else breach.change
                yield f"{slug}/{new.version}: {what}{describe_users(old, breach)}"


def describe_users(models: Mapping[str, Model], schema: EventSchema, breach: Breach) -> str:
    """Who uses the column that a field becomes, as the end of a sentence; empty where it becomes none."""
    column = schema.columns.get(breach.field.replace("[]", "")) if breach.field else EVENT_TYPE
    if column is None:
        return ""
    names = find_uses(models, CORE_EVENTS.name, column)
    segments = find_segments(names)
    some = sorted(names)
    more = f" and {len(some) - MOST_NAMES} more" if len(some) > MOST_NAMES else ""
    by_models = f"dbt models {', '.join(some[:MOST_NAMES])}{more}" if some else "no dbt model"
    by_segments = f"segments {', '.join(segments)}" if segments else "no segment"
    return f" ({CORE_EVENTS.name}.{column}: {by_models}; {by_segments})"


def register(folder: Path, schemas: Mapping[str, tuple[EventSchema, ...]]) -> int:
    """Write down every version; how many were not registered before."""
    registered = read_registry(folder)
    hashes = {
        f"{slug}/{one.version}": hash_schema(one) for slug, versions in schemas.items() for one in versions
    }
    write_text_atomically(folder / REGISTRY, json.dumps(hashes, indent=2) + "\n")
    return len(hashes.keys() - registered.keys())


def main(argv: list[str] | None = None, folder: Path = FOLDER) -> int:
    """Check, and register where that is asked for and nothing is wrong."""
    parser = argparse.ArgumentParser(prog="make events", description=__doc__.partition(":")[2].strip())
    parser.add_argument("--register", action="store_true")
    options = parser.parse_args(argv)
    schemas, models = read_event_schemas(folder), read_models()
    flaws = list(list_flaws(schemas, read_registry(folder), lambda *of: describe_users(models, *of)))
    if flaws:
        print("\n".join(flaws), file=sys.stderr)
        return 1
    if options.register:
        print(f"{register(folder, schemas)} new versions are registered.")
        return 0
    unregistered = [
        f"{slug}/{one.version}"
        for slug, versions in schemas.items()
        for one in versions
        if f"{slug}/{one.version}" not in read_registry(folder)
    ]
    if unregistered:
        print(f"{', '.join(unregistered)}: not registered; `make events REGISTER=1`", file=sys.stderr)
        return 1
    print(f"{len(schemas)} declarations, all registered.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
