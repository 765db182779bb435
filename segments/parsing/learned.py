"""Definitions of learned segments: a file for each, read by the shapes that rules are read by."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from segments.parsing.definitions import list_files_in_force
from segments.parsing.documents import compose_document, read_text
from segments.parsing.flaws import Flaw, SegmentError, build_error
from segments.parsing.reading import BROKEN, Broken, Reader, Reading, suggest
from segments.parsing.rules import SEGMENT_ID
from segments.parsing.scalars import Number, Text, Whole
from segments.parsing.shapes import Key, Record
from segments.tree.learned import LearnedSegment

ROOT = Path(__file__).resolve().parents[1]
DEFINITIONS, LEARNED_DEFINITIONS = ROOT / "definitions", ROOT / "learned"
MOST_MEMBERS = 1_000_000_000
MOST_LEARNED = 100  # each is three fits of trees a night
HOW_MANY = (
    Key("size", Whole("size", 1, MOST_MEMBERS), "How many members."),
    Key("share", Number("share", 0.0001, 1), "How many members, of all customers who may be in it."),
)
SIZES = ("size", "share")


def build_lookalike(reading: Reading) -> Any:
    """What a lookalike asks for; the segment it is of must exist."""
    reading.refer("segment", "of")
    return require_size(reading, {"seed": reading.values["of"]})


def build_prospects(reading: Reading) -> Any:
    """What is to be wanted, and by how many."""
    wanted = {name: reading.values[name] for name in ("item", "category") if name in reading.values}
    if len(wanted) != 1:
        return reading.refuse("category", "item or category: one of the two says what is wanted")
    return require_size(reading, wanted)


def require_size(reading: Reading, asked: dict[str, Any]) -> dict[str, Any] | Broken:
    """What is asked for with how many; one of both words must stand."""
    sizes = {name: reading.values[name] for name in SIZES if name in reading.values}
    if not sizes:
        return reading.refuse("", "size or share missing: how many are to be in it")
    return asked | sizes


def build_learned(reading: Reading) -> LearnedSegment | Broken:
    """The learned segment of a definition."""
    values = dict(reading.values)
    asked = [values.pop(head) for head in ("lookalike", "prospects") if head in values]
    if not asked:
        return reading.refuse("", "lookalike or prospects missing: one of the two says who is in it")
    return LearnedSegment(**values, **asked[0])


LEARNED = Record(
    "",
    (
        Key("segment_id", SEGMENT_ID, "The segment's id, which is the file's name too.", is_required=True),
        Key("name", Text("name", may_wrap=True), "What people call it.", is_required=True),
        Key(
            "description",
            Text("description", may_wrap=True),
            "Who is in it, in a sentence.",
            is_required=True,
        ),
        Key(
            "lookalike",
            Record(
                "lookalike",
                (
                    Key("of", SEGMENT_ID, "The segment whose members they are like.", is_required=True),
                    *HOW_MANY,
                ),
                build_lookalike,
                exclusive=SIZES,
            ),
            "Who is most like a segment's members and is not one of them.",
        ),
        Key(
            "prospects",
            Record(
                "prospects",
                (
                    Key("item", Text("item"), "The id of the item that they want."),
                    Key("category", Text("category"), "The category that they want."),
                    *HOW_MANY,
                ),
                build_prospects,
                exclusive=SIZES,
            ),
            "Who most likely wants an item or a category.",
        ),
    ),
    build_learned,
    exclusive=("lookalike", "prospects"),
)


def load_learned_in_force(own: Path | None) -> list[LearnedSegment]:
    """The shipped learned segments and a shop's own, which are in its folder `learned`.

    Args:
        own: a shop's folder of definitions, maybe missing.

    Raises:
        SegmentError: as `load_learned_segments`.
    """
    return require_all(*load_understood_in_force(own))


def load_understood_in_force(own: Path | None) -> tuple[list[LearnedSegment], dict[str, SegmentError]]:
    """The learned segments of `load_learned_in_force` that a night can make, and by the id of each other one
    what is wrong with it: no night stops at it.
    """
    rules = {file.stem for file in list_files_in_force(DEFINITIONS, own)}
    learned = own / LEARNED_DEFINITIONS.name if own else None
    return read_learned_segments(LEARNED_DEFINITIONS, rules, learned)


def load_learned_segments(
    folder: Path, rules: Collection[str], own: Path | None = None
) -> list[LearnedSegment]:
    """Every learned segment, by segment id.

    Args:
        folder, own: as `list_files_in_force` takes them.
        rules: ids of the segments with rules, of which lookalikes may be.

    Raises:
        SegmentError: a file is no such definition, is not called after its segment, takes the id of a rule,
            or is of a segment that does not exist, or there are more than `MOST_LEARNED`; a line for each, of
            all files.
    """
    return require_all(*read_learned_segments(folder, rules, own))


def read_learned_segments(
    folder: Path, rules: Collection[str], own: Path | None
) -> tuple[list[LearnedSegment], dict[str, SegmentError]]:
    """Those of `load_learned_segments` that are understood, and the error of each other one by its file's
    stem.
    """
    learned, errors = [], {}
    for file in list_files_in_force(folder, own):
        try:
            learned.append(parse_learned(read_text(file), file.name, rules))
        except SegmentError as error:
            errors[file.stem] = error
        except OSError as error:
            errors[file.stem] = build_error(
                file.name, [Flaw(1, 1, f"cannot be read: {type(error).__name__}")]
            )
    for each in learned[MOST_LEARNED:]:
        many = f"{each.segment_id}.yml: one of {len(learned)} learned segments; allowed: {MOST_LEARNED}"
        errors[each.segment_id] = SegmentError(many)
    return learned[:MOST_LEARNED], errors


def require_all(learned: list[LearnedSegment], errors: Mapping[str, SegmentError]) -> list[LearnedSegment]:
    """The learned segments, where none has an error.

    Raises:
        SegmentError: the errors in one.
    """
    if errors:
        flaws = [flaw for error in errors.values() for flaw in error.flaws]
        raise SegmentError("\n".join(map(str, errors.values())), flaws)
    return learned


def parse_learned(text: str, file: str, rules: Collection[str]) -> LearnedSegment:
    """The learned segment of a file's text.

    Raises:
        SegmentError: as `load_learned_segments`.
    """
    node, reader = compose_document(text, file), Reader({})
    learned = LEARNED.read(node, reader)
    for reference in reader.references:
        if reference.name not in rules:
            unknown = f"there is no segment {reference.name!r}{suggest(reference.name, rules)}"
            reader.refuse(
                reference.node, f"{unknown}; allowed: {', '.join(sorted(rules))}", is_structural=False
            )
    if isinstance(learned, LearnedSegment):
        segment_id = learned.segment_id
        if segment_id != Path(file).stem:
            message = f"segment_id is {segment_id!r}; the file of that segment is {segment_id}.yml"
            reader.refuse(node, message, is_structural=False)
        if segment_id in rules:
            reader.refuse(
                node, f"a segment with a rule is called {segment_id!r} already", is_structural=False
            )
    if reader.flaws or learned is BROKEN:
        raise build_error(file, reader.flaws)
    return learned
