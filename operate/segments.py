"""`make segments`: are definitions understood, and what does the published night say of them?

`ARGS="check [FILE…]"` names every mistake with file, line and column, of traits too; without a file it checks
what the night evaluates, and `list` lists that and traits. `explain SEGMENT CUSTOMER` says why somebody is in
a segment or not; `preview FILE` and `diff FILE` what a definition would change, `diff SEGMENT --version N` an
earlier one; `sizes` and `overlap` how large segments are and whom they share; `versions SEGMENT` which texts
were in force. `save FILE`, `drafts`, `impact DRAFT`, `approve DRAFT`, `publish DRAFT`, `discard DRAFT` bring
one into force; `rollback SEGMENT --to N` an earlier one. `/v1/segments` answers the same.
"""

import argparse
import csv
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError
from rich.console import Console

from operate import segment_answers as answers
from operate import segment_drafts
from operate.segment_files import check_files, print_segments, print_traits, refuse_too_dear
from operate.settings import load_settings_or_exit
from segments.in_force import select_in_force
from segments.parsing.definitions import list_unread_files
from segments.parsing.documents import read_text
from segments.parsing.flaws import SegmentError
from segments.parsing.traits import load_traits
from segments.sql_traits import load_shop_sql_traits
from segments.to_sql import DEFINITIONS
from segments.tree.rules import Segment
from serving_app.http.problems import ApiError, NotReady, UnknownSegment, list_flaws
from serving_app.segments.definitions import Definitions
from serving_app.segments.naming import NamingRules
from serving_app.segments.schemas import ExplainQuery
from serving_app.segments.service import SegmentService
from serving_app.segments.warehouse import SegmentWarehouse
from serving_app.storage.published_snapshots import PublishedSnapshots
from serving_app.storage.restrictions import LmdbRestrictions
from serving_app.visitors.service import VisitorResolver
from spark_jobs.settings import Settings
from spark_jobs.warehouse.segments_in_force import find_bounds

SECONDS = 600.0  # for an answer
N_DAYS = 7
UNREAD = (
    "in segments/definitions/ or the home's segments/; a trait is a file of the checkout's segments/traits/"
)
TYPED = "--typed="
IDENTIFIERS = ("customer_id", "user_id", "anonymous_id")


def make_service(settings: Settings) -> SegmentService:
    """What answers of the home's published night."""
    snapshots = PublishedSnapshots(settings.home)
    restrictions = LmdbRestrictions(settings.paths.restrictions)
    return SegmentService(
        SegmentWarehouse(settings.home, SECONDS, settings.segment_limits),
        Definitions(settings.home),
        snapshots,
        NamingRules(snapshots, restrictions),
        VisitorResolver(restrictions, settings.sources, settings.identity_key),
    )


def read_segment(service: SegmentService, file: str, wanted: str) -> Segment:
    """The segment of a definition's file.

    Raises:
        SegmentError: there is no such file.
    """
    if not Path(file).is_file():
        raise SegmentError(f"There is no file {file}; wanted: {wanted}.")
    return service.read(read_text(Path(file)), Path(file).name)


def explain(service: SegmentService, console: Console, args: argparse.Namespace) -> None:
    """Why a customer is in a segment or not."""
    kind, _, value = args.customer.partition(":")
    asked = {kind: value} if value else {"customer_id": args.customer}
    if value and kind not in IDENTIFIERS:
        raise SegmentError(f"{kind} is unknown; allowed: {', '.join(f'{each}:…' for each in IDENTIFIERS)}")
    query = ExplainQuery.model_validate(asked | ({"at": args.at} if args.at else {}))
    answers.print_membership(console, service.explain(args.segment, query))


def preview(service: SegmentService, console: Console, args: argparse.Namespace) -> None:
    """What a definition would have for members."""
    segment = read_segment(service, args.file, "a definition")
    answers.print_preview(console, service.preview(segment, with_names=True), service.limits)


def diff(service: SegmentService, console: Console, args: argparse.Namespace) -> None:
    """Who would come and go by a definition, or by an earlier version of one."""
    if args.version is None:
        segment = read_segment(service, args.file, "a file, or a segment with --version N")
    else:
        segment = service.read_version(args.file, args.version)
    answer = service.diff(segment, with_names=not args.csv)
    answers.print_diff(console, answer)
    if args.csv:
        changes = service.list_changes(segment)
        write_csv(args.csv, [("customer_id", "change"), *changes])
        n_unnamed = answer["n_enters"] + answer["n_leaves"] - len(changes)
        others = f"; {n_unnamed:,} may not be named" if n_unnamed else ""
        console.print(f"{args.csv} names {len(changes):,} of them{others}.")


def sizes(service: SegmentService, console: Console, args: argparse.Namespace) -> None:
    """How large every segment was on the newest days."""
    found = service.list_sizes(args.days)
    if args.csv:
        rows = [
            (segment_id, day, by_day.get(day, 0))
            for segment_id, by_day in found["sizes"].items()
            for day in found["days"]
        ]
        write_csv(args.csv, [("segment_id", "day", "n_customers"), *rows])
    answers.print_sizes(console, found["sizes"], found["days"])


def write_csv(file: str, rows: Iterable[tuple]) -> None:
    """Write rows, the first of which names the columns."""
    with Path(file).open("w", newline="") as out:
        csv.writer(out).writerows(rows)


def overlap(service: SegmentService, console: Console, _: argparse.Namespace) -> None:
    """Whom each two segments share."""
    answers.print_overlaps(console, service.list_overlaps()["pairs"])


def versions(service: SegmentService, console: Console, args: argparse.Namespace) -> None:
    """Which texts of a definition were in force."""
    found, waiting = service.list_versions(args.segment), service.find_waiting(args.segment)
    if not found and not waiting:
        raise UnknownSegment(f"There is no segment {args.segment} with a rule.")
    answers.print_versions(console, found, waiting)


ANSWERS = {
    "explain": explain,
    "preview": preview,
    "diff": diff,
    "sizes": sizes,
    "overlap": overlap,
    "versions": versions,
}


def make_parser() -> argparse.ArgumentParser:
    """What may be typed."""
    parser = argparse.ArgumentParser(
        prog="make segments", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check")
    check.add_argument("files", nargs="*", type=Path, metavar="FILE", help="definitions, of any folder")
    commands.add_parser("list")
    asked = {name: commands.add_parser(name) for name in ANSWERS}
    for name in ("explain", "versions"):
        asked[name].add_argument("segment")
    asked["explain"].add_argument("customer", help="a customer_id; or user_id:…, anonymous_id:…")
    asked["explain"].add_argument("--at", default="", help="a day, or a moment with its offset")
    asked["preview"].add_argument("file")
    asked["diff"].add_argument("file", help="a definition; with --version a segment")
    asked["diff"].add_argument("--version", type=int)
    asked["diff"].add_argument("--csv", default="", metavar="FILE", help="write who comes and goes")
    asked["sizes"].add_argument("--days", type=int, default=N_DAYS)
    asked["sizes"].add_argument("--csv", default="", metavar="FILE", help="write every day's")
    segment_drafts.add_commands(commands)
    return parser


def main(argv: list[str], folder: Path = DEFINITIONS) -> int:
    """Check, list or ask; 1 with a line for each thing that is wrong, 2 where there is no such segment."""
    parser = make_parser()
    args = parser.parse_args(argv)
    settings = load_settings_or_exit()
    own = settings.paths.segment_definitions if folder == DEFINITIONS else None
    console = Console(width=None if sys.stdout.isatty() else 200, highlight=False)
    try:
        if args.command == "check":
            if missing := [file for file in args.files if not file.is_file()]:
                parser.error(f"there is no file {missing[0]}")
            for file in list_unread_files(folder, own) if not args.files else ():
                print(f"No night reads {file}: a definition is <segment_id>.yml {UNREAD}", file=sys.stderr)
            said = check_files(args.files, folder, own)
            refuse_too_dear(args.files, folder, own, find_bounds(settings))
            print(said)
        elif args.command == "list":
            in_force = select_in_force(folder, own, find_bounds(settings))
            learned = [*in_force.learned] if folder == DEFINITIONS else []
            print_segments(console, [*in_force.segments], learned)
            if folder == DEFINITIONS:
                print_traits(console, load_traits(), load_shop_sql_traits()[0])
            for sentence in in_force.sentences:
                print(f"left out: {sentence}", file=sys.stderr)
        elif args.command in segment_drafts.COMMANDS:
            segment_drafts.COMMANDS[args.command](settings, make_service(settings), console, args)
        else:
            ANSWERS[args.command](make_service(settings), console, args)
    except UnknownSegment as error:
        print(error.detail, file=sys.stderr)
        return 2
    except ApiError as error:
        is_first = isinstance(error, NotReady) and not settings.paths.published.exists()
        print(f"{error.detail}{'; `make run` makes one' if is_first else ''}", file=sys.stderr)
    except ValidationError as error:
        print("; ".join(f"{each['field']}: {each['message']}" for each in list_flaws(error)), file=sys.stderr)
    except (SegmentError, OSError) as error:
        print(error, file=sys.stderr)
    else:
        return 0
    return 1


def split_typed(argv: list[str], default: str = "check") -> list[str]:
    """The words of what was typed, which make hands on as one text that no shell read; `default` of none."""
    if not argv or not argv[0].startswith(TYPED):
        return argv
    try:
        return shlex.split(argv[0].removeprefix(TYPED)) or [default]
    except ValueError as error:
        sys.exit(f"ARGS: {error}")


if __name__ == "__main__":
    sys.exit(main(split_typed(sys.argv[1:])))
