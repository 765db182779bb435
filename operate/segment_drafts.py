"""Commands of `make segments` that put definitions in force, by the functions of `/v1/segment-drafts`."""

import argparse
import getpass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from rich.console import Console
from rich.markup import escape

from operate import segment_answers as answers
from segments.parsing.documents import read_text
from segments.parsing.flaws import SegmentError
from serving_app.overrides.file_store import FileOverrides
from serving_app.recommendations.segment_uses import SegmentUses
from serving_app.segments.definitions import Author, Definitions
from serving_app.segments.drafting import DraftService
from serving_app.segments.publishing import PublishingService
from serving_app.segments.service import SegmentService
from serving_app.settings import Settings as ServiceSettings
from serving_app.storage.published_snapshots import PublishedSnapshots
from spark_jobs.settings import Settings

AGAIN = "it is worked out anew by the next night, with its whole history"


def get_now() -> datetime:
    """The clock's time."""
    return datetime.now(UTC)


def make_drafts(settings: Settings, segments: SegmentService) -> DraftService:
    """The drafts of the home."""
    uses = SegmentUses(FileOverrides(settings.home), PublishedSnapshots(settings.home), get_now)
    return DraftService(
        Definitions(settings.home), segments, uses, get_now, lambda: uuid4().hex, find_most_share()
    )


def make_publishing(settings: Settings, segments: SegmentService) -> PublishingService:
    """What puts definitions of the home in force."""
    return PublishingService(Definitions(settings.home), segments, get_now, find_most_share())


def find_most_share() -> float:
    """Of all customers who may come or go without anybody's approval."""
    return ServiceSettings.from_environment().segment_approval_share


def make_author(args: argparse.Namespace) -> Author:
    """Who types, and why."""
    return Author(args.by or getpass.getuser(), args.reason)


def save(settings: Settings, segments: SegmentService, console: Console, args: argparse.Namespace) -> None:
    """Save a file as a draft, or a draft anew."""
    if not Path(args.file).is_file():
        raise SegmentError(f"There is no file {args.file}; wanted: a definition.")
    text = read_text(Path(args.file))
    draft = make_drafts(settings, segments).save(text, make_author(args), draft_id=args.draft or None)
    answers.print_draft(console, draft)


def drafts(settings: Settings, segments: SegmentService, console: Console, args: argparse.Namespace) -> None:
    """Every draft, the newest first."""
    found = make_drafts(settings, segments).list()["drafts"]
    for draft in found:
        answers.print_draft(console, draft)
    if not found:
        console.print("There are no drafts; `save FILE` makes one.")


def impact(settings: Settings, segments: SegmentService, console: Console, args: argparse.Namespace) -> None:
    """Who would come and go by a draft, and what else would change."""
    answers.print_impact(console, make_drafts(settings, segments).measure(args.draft, with_names=True))


def approve(settings: Settings, segments: SegmentService, console: Console, args: argparse.Namespace) -> None:
    """Approve a draft that somebody else has saved, as it is now."""
    service = make_drafts(settings, segments)
    draft = service.approve(args.draft, service.get(args.draft)["digest"], make_author(args))
    answers.print_draft(console, draft)


def discard(settings: Settings, segments: SegmentService, console: Console, args: argparse.Namespace) -> None:
    """Delete a draft."""
    make_drafts(settings, segments).delete(args.draft)
    console.print(f"{args.draft} is deleted.")


def publish(settings: Settings, segments: SegmentService, console: Console, args: argparse.Namespace) -> None:
    """Put a draft in force."""
    change = make_publishing(settings, segments).publish(args.draft, make_author(args))
    console.print(f"{change['segment_id']} is published; {AGAIN}.")
    print_start(console, change)


def rollback(
    settings: Settings, segments: SegmentService, console: Console, args: argparse.Namespace
) -> None:
    """Have the next night read an earlier version of a definition again."""
    change = make_publishing(settings, segments).roll_back(args.segment, args.to, make_author(args))
    console.print(
        f"The next night reads version {args.to} of {args.segment}, and works out its whole history by it."
        " Until then members stay who they are; `make rollback` brings back an earlier night at once."
    )
    print_start(console, change)


def print_start(console: Console, change: dict) -> None:
    """From when on a definition counts, and where the text before is."""
    if change["counts_from"] == "now":
        console.print("It counts in the service from now on: all that it asks for is live.")
    else:
        console.print(f"It counts from the next night on: {escape('; '.join(change['obstacles']))}.")
    if change["kept"]:
        console.print(
            f"The text before, which no night had yet, is kept: segments/{change['kept']} of the home."
        )


COMMANDS = {
    "save": save,
    "drafts": drafts,
    "impact": impact,
    "approve": approve,
    "discard": discard,
    "publish": publish,
    "rollback": rollback,
}


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Add what may be typed."""
    parsers = {name: commands.add_parser(name) for name in COMMANDS}
    parsers["save"].add_argument("file", help="a definition")
    parsers["save"].add_argument("--draft", default="", help="the draft that is saved anew; a new one")
    for name in ("impact", "approve", "discard", "publish"):
        parsers[name].add_argument("draft", help="as `drafts` lists them")
    parsers["rollback"].add_argument("segment")
    parsers["rollback"].add_argument("--to", type=int, required=True, metavar="VERSION")
    for name in ("save", "approve", "publish", "rollback"):
        parsers[name].add_argument("--reason", default="")
        parsers[name].add_argument("--by", default="", help="default: your name on this machine")
