"""`make segments`: are definitions understood, and what does the published night say of them?

`ARGS="check [FILE…]"` names every mistake with file, line and column, of traits too; without a file it checks
what the night evaluates, and `list` lists that. `explain SEGMENT CUSTOMER` says why somebody is in a segment
or not; `preview FILE` and `diff FILE` what a definition would change, `diff SEGMENT --version N` an earlier
one; `sizes` and `overlap` how large segments are and whom they share; `versions SEGMENT` which texts were in
force, and `rollback SEGMENT --to N` has the next night read one again. `/v1/segments` answers the same.
"""

import argparse
import csv
import getpass
import sys
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from operate import segment_answers as answers
from operate.settings import load_settings_or_exit
from segments.evaluation.needs import find_needs
from segments.parsing.definitions import list_files_in_force, load_definitions, load_segments
from segments.parsing.documents import read_text
from segments.parsing.flaws import SegmentError
from segments.parsing.learned import load_learned_in_force
from segments.sql_traits import load_shop_sql_traits
from segments.to_sql import DEFINITIONS, list_conditions
from segments.tree.learned import LearnedSegment
from segments.tree.rules import Segment
from serving_app.http.problems import ApiError
from serving_app.segments.definitions import Definitions, Said
from serving_app.segments.naming import NamingRules
from serving_app.segments.schemas import ExplainQuery
from serving_app.segments.service import SegmentService
from serving_app.segments.warehouse import SegmentWarehouse
from serving_app.storage.published_snapshots import PublishedSnapshots
from serving_app.storage.restrictions import LmdbRestrictions
from serving_app.visitors.service import VisitorResolver
from spark_jobs.settings import Settings

SECONDS = 600.0  # for an answer
N_DAYS = 7


def check_files(files: list[Path], folder: Path = DEFINITIONS, own: Path | None = None) -> str:
    """A sentence on what was checked; files may name each other's segments and those of the night.

    Args:
        folder, own: as `list_files_in_force` takes them.

    Raises:
        SegmentError: something is wrong; a line for each mistake.
    """
    nightly = list_files_in_force(folder, own)
    known = {file.resolve() for file in nightly}
    inside = [file for file in files if file.resolve() in known]
    if inside or not files:
        load_segments(folder, own)
    evaluated = load_definitions(nightly)
    outside = [file for file in files if file not in inside]
    checked = load_definitions(outside, others=evaluated)
    if flaws := load_shop_sql_traits()[1]:
        raise SegmentError("\n".join(f"traits of SQL: {flaw.message}" for flaw in flaws))
    if not files:
        n_learned = len(load_learned_in_force(own))
        return f"Understood, and evaluated by the night: {len(evaluated)}; learned by it: {n_learned}."
    of_night = f"; evaluated by the night: {len(inside)}" if inside else ""
    return f"Understood: {len(inside) + len(checked)}{of_night}."


def print_segments(console: Console, segments: list[Segment], learned: list[LearnedSegment]) -> None:
    """A line for each segment, with the fields and events that its rule asks, or whom a learned one is of."""
    table = answers.make_table("segment", "kind", "name", "asks")
    for segment in segments:
        fields = dict.fromkeys(each.measure.name for each in list_conditions(segment.members))
        asked = [*fields, *sorted(find_needs(segment.members).attributes)]
        table.add_row(segment.segment_id, segment.kind, escape(segment.name), ", ".join(asked))
    for each in learned:
        table.add_row(
            each.segment_id, each.kind, escape(each.name), escape(each.seed or each.item or each.category)
        )
    console.print(table)


def make_service(settings: Settings) -> SegmentService:
    """What answers of the home's published night."""
    snapshots = PublishedSnapshots(settings.home)
    restrictions = LmdbRestrictions(settings.paths.restrictions)
    return SegmentService(
        SegmentWarehouse(settings.home, SECONDS),
        Definitions(settings.home),
        snapshots,
        NamingRules(snapshots, restrictions),
        VisitorResolver(restrictions, settings.sources, settings.identity_key),
    )


def explain(service: SegmentService, console: Console, args: argparse.Namespace) -> None:
    """Why a customer is in a segment or not."""
    kind, _, value = args.customer.partition(":")
    asked = {kind: value} if value else {"customer_id": args.customer}
    query = ExplainQuery.model_validate(asked | ({"at": args.at} if args.at else {}))
    answers.print_membership(console, service.explain(args.segment, query))


def preview(service: SegmentService, console: Console, args: argparse.Namespace) -> None:
    """What a definition would have for members."""
    segment = service.read(read_text(Path(args.file)))
    answers.print_preview(console, service.preview(segment, with_names=True))


def diff(service: SegmentService, console: Console, args: argparse.Namespace) -> None:
    """Who would come and go by a definition, or by an earlier version of one."""
    if args.version is None:
        segment = service.read(read_text(Path(args.file)))
    else:
        segment = service.read_version(args.file, args.version)
    answers.print_diff(console, service.diff(segment, with_names=not args.csv))
    if args.csv:
        with Path(args.csv).open("w", newline="") as out:
            csv.writer(out).writerows([("customer_id", "change"), *service.list_changes(segment)])


def sizes(service: SegmentService, console: Console, args: argparse.Namespace) -> None:
    """How large every segment was on the newest days."""
    found = service.list_sizes(args.days)
    answers.print_sizes(console, found["sizes"], found["days"])


def overlap(service: SegmentService, console: Console, _: argparse.Namespace) -> None:
    """Whom each two segments share."""
    answers.print_overlaps(console, service.list_overlaps()["pairs"])


def versions(service: SegmentService, console: Console, args: argparse.Namespace) -> None:
    """Which texts of a definition were in force."""
    answers.print_versions(console, service.list_versions(args.segment))


def rollback(service: SegmentService, console: Console, args: argparse.Namespace) -> None:
    """Have the next night read an earlier version of a definition again."""
    at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    service.roll_back(args.segment, args.to, Said(at, args.by or getpass.getuser(), args.reason))
    console.print(
        f"The next night reads version {args.to} of {args.segment}, and works out its whole history by it."
        " Until then members stay who they are; `make rollback` brings back an earlier night at once."
    )


ANSWERS = {
    "explain": explain,
    "preview": preview,
    "diff": diff,
    "sizes": sizes,
    "overlap": overlap,
    "versions": versions,
    "rollback": rollback,
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
    for name in ("explain", "versions", "rollback"):
        asked[name].add_argument("segment")
    asked["explain"].add_argument("customer", help="a customer_id; or user_id:…, anonymous_id:…")
    asked["explain"].add_argument("--at", default="", help="a day, or a moment with its offset")
    asked["preview"].add_argument("file")
    asked["diff"].add_argument("file", help="a definition; with --version a segment")
    asked["diff"].add_argument("--version", type=int)
    asked["diff"].add_argument("--csv", default="", metavar="FILE", help="write who comes and goes")
    asked["sizes"].add_argument("--days", type=int, default=N_DAYS)
    asked["rollback"].add_argument("--to", type=int, required=True, metavar="VERSION")
    asked["rollback"].add_argument("--reason", default="")
    asked["rollback"].add_argument("--by", default="", help="default: your name on this machine")
    return parser


def main(argv: list[str], folder: Path = DEFINITIONS) -> int:
    """Check, list or ask; 1 with a line for each thing that is wrong."""
    parser = make_parser()
    args = parser.parse_args(argv)
    settings = load_settings_or_exit()
    own = settings.paths.segment_definitions if folder == DEFINITIONS else None
    console = Console(width=None if sys.stdout.isatty() else 200, highlight=False)
    try:
        if args.command == "check":
            if missing := [file for file in args.files if not file.is_file()]:
                parser.error(f"there is no file {missing[0]}")
            print(check_files(args.files, folder, own))
        elif args.command == "list":
            learned = load_learned_in_force(own) if folder == DEFINITIONS else []
            print_segments(console, load_segments(folder, own), learned)
        else:
            ANSWERS[args.command](make_service(settings), console, args)
    except ApiError as error:
        print(error.detail, file=sys.stderr)
    except ValidationError as error:
        print("; ".join(each["msg"] for each in error.errors()), file=sys.stderr)
    except (SegmentError, OSError) as error:
        print(error, file=sys.stderr)
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
