"""`make segments`: are the definitions of segments understood, and which are there?

`ARGS="check [FILE…]"` names every mistake with file, line and column; without a file it checks what the night
evaluates. `ARGS=list` lists that.
"""

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from segments.parsing.definitions import load_definitions, load_segments
from segments.parsing.flaws import SegmentError
from segments.to_sql import DEFINITIONS, list_conditions
from segments.tree.rules import Segment


def check_files(files: list[Path], folder: Path = DEFINITIONS) -> str:
    """A sentence on what was checked; files may name each other's segments and those of the folder.

    Raises:
        SegmentError: something is wrong; a line for each mistake.
    """
    inside = [file for file in files if file.resolve().parent == folder.resolve()]
    if inside or not files:
        load_segments(folder)
    shipped = load_definitions(folder.glob("*.yml"))
    outside = [file for file in files if file not in inside]
    checked = load_definitions(outside, others=shipped)
    if not files:
        return f"Understood, and evaluated by the night: {len(shipped)}."
    nightly = f"; evaluated by the night: {len(inside)}" if inside else ""
    return f"Understood: {len(inside) + len(checked)}{nightly}."


def print_segments(console: Console, segments: list[Segment]) -> None:
    """A line for each segment, with the fields that its rule asks."""
    table = Table(box=None, pad_edge=False)
    for name in ("segment", "kind", "name", "asks"):
        table.add_column(name)
    for segment in segments:
        fields = dict.fromkeys(each.measure.name for each in list_conditions(segment.members))
        table.add_row(segment.segment_id, segment.kind, escape(segment.name), ", ".join(fields))
    console.print(table)


def main(argv: list[str], folder: Path = DEFINITIONS) -> int:
    """Check or list; 1 with a line for each mistake."""
    parser = argparse.ArgumentParser(prog="make segments", description=__doc__)
    parser.add_argument("command", choices=("check", "list"))
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="definitions, of any folder")
    args = parser.parse_args(argv)
    if args.command == "list" and args.files:
        parser.error("list takes no file; allowed: check [FILE…], list")
    if missing := [file for file in args.files if not file.is_file()]:
        parser.error(f"there is no file {missing[0]}")
    try:
        if args.command == "check":
            print(check_files(args.files, folder))
        else:
            width = None if sys.stdout.isatty() else 200
            print_segments(Console(width=width, highlight=False), load_segments(folder))
    except SegmentError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
