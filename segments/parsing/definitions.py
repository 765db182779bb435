"""A definition's text or file as a `Segment`."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

from segments.fields import NIGHT_FIELDS, Field
from segments.nightly import NightlyRules, asks_of_stays
from segments.parsing.documents import compose_document, read_text
from segments.parsing.flaws import Flaw, SegmentError, build_error
from segments.parsing.known_traits import describe_known_traits
from segments.parsing.reading import Broken, Reader, Reading
from segments.parsing.references import Definition, check_references
from segments.parsing.rules import RULE, SEGMENT_ID
from segments.parsing.scalars import Text, Words
from segments.parsing.shapes import Key, Record
from segments.tree.rules import Segment
from segments.tree.traits import Trait
from segments.tree.walking import walk

ALL_FIELDS = NIGHT_FIELDS
KINDS = ("rfm", "rule")
RFM_CELLS = (
    "about_to_sleep",
    "at_risk",
    "cannot_lose",
    "champions",
    "hibernating",
    "loyal",
    "need_attention",
    "potential_loyalists",
    "promising",
    "recent_small_buyers",
)


def build_segment(reading: Reading) -> Segment:
    """The segment of a definition."""
    return Segment(**reading.values)


DEFINITION = Record(
    "",
    (
        Key("segment_id", SEGMENT_ID, "The segment's id, which is the file's name too.", is_required=True),
        Key("name", Text("name", may_wrap=True), "What people call it.", is_required=True),
        Key(
            "kind",
            Words("kind", KINDS),
            "rule; rfm are the ten cells of the RFM grid alone.",
            is_required=True,
        ),
        Key(
            "description",
            Text("description", may_wrap=True),
            "Who is in it, in a sentence.",
            is_required=True,
        ),
        Key("members", RULE, "The rule that its members meet.", is_required=True),
    ),
    build_segment,
)


def parse_definition(text: str, file: str, fields: Mapping[str, Field] = ALL_FIELDS) -> Segment:
    """The segment of a definition's text; whether what it refers to exists is not looked at.

    Args:
        file: names the text in messages.
        fields: what the customer's side knows, by name.

    Raises:
        SegmentError: it is no definition; a line for each thing that is wrong.
    """
    return read_definition(text, file, Reader(fields)).segment


def read_definition(text: str, file: str, reader: Reader) -> Definition:
    """A definition's text, read by a reader of its own.

    Raises:
        SegmentError: see `parse_definition`.
    """
    node = compose_document(text, file)
    segment = DEFINITION.read(node, reader)
    if isinstance(segment, Segment) and segment.kind == "rfm" and segment.segment_id not in RFM_CELLS:
        message = (
            "kind rfm is of the ten cells of the RFM grid, of which a customer is in one; wanted: kind: rule"
        )
        reader.refuse(node, message, is_structural=False)
    if reader.flaws or isinstance(segment, Broken):
        raise build_error(file, reader.flaws)
    return Definition(segment, file, node, tuple(reader.references))


def load_definitions(
    files: Iterable[Path],
    fields: Mapping[str, Field] = ALL_FIELDS,
    others: Iterable[Definition] = (),
    lists: Mapping[str, str] | None = None,
    traits: Sequence[Trait] | None = None,
) -> list[Definition]:
    """The definitions of some files, in the order of their ids.

    Args:
        traits: the declared ones, which are fields too; None: all of `segments/traits/`.
        others: definitions that these may refer to.
        lists: by name whether it is a list of `customers` or of `items`; None: any list may be named.

    Raises:
        SegmentError: a file is no definition or is not called after its segment, what one refers to does not
            exist, or a segment is its own member by way of others; a line for each, of all files.
    """
    known = describe_known_traits(traits)
    all_fields = {**fields, **known.declared, **known.of_sql}
    return load_with(files, lambda: Reader(all_fields, known.absent), others, lists)


def load_with(
    files: Iterable[Path],
    start_reader: Callable[[], Reader],
    others: Iterable[Definition] = (),
    lists: Mapping[str, str] | None = None,
) -> list[Definition]:
    """`load_definitions`, by readers that are started so."""
    definitions, errors = [], []
    for file in sorted(files):
        try:
            definitions.append(load_definition(file, start_reader()))
        except SegmentError as error:
            errors.append(error)
        except OSError as error:
            errors.append(build_error(file.name, [Flaw(1, 1, f"cannot be read: {type(error).__name__}")]))
    if not errors:
        errors = check_references(definitions, [*others], lists)
    if errors:
        raise SegmentError("\n".join(map(str, errors)), [flaw for error in errors for flaw in error.flaws])
    return sorted(definitions, key=lambda definition: definition.segment.segment_id)


def load_definition(file: Path, reader: Reader) -> Definition:
    """The definition in a file, which is called after its segment."""
    definition = read_definition(read_text(file), file.name, reader)
    segment_id = definition.segment.segment_id
    if segment_id != file.stem:
        reader.refuse(
            definition.node,
            f"segment_id is {segment_id!r}; the file of that segment is {segment_id}.yml",
            is_structural=False,
        )
        raise build_error(file.name, reader.flaws)
    return definition


def list_files_in_force(shipped: Path, own: Path | None = None) -> list[Path]:
    """The files of the definitions that the night evaluates, by segment id.

    Args:
        shipped: a folder of definitions.
        own: a shop's folder, maybe missing, of definitions each in the place of the shipped one of its id.
    """
    found = [*shipped.glob("*.yml"), *(list_own_files(own) if own else ())]
    files = {file.stem: file for file in found}
    return [files[segment_id] for segment_id in sorted(files)]


def list_own_files(own: Path, pattern: str = "*.yml") -> list[Path]:
    """The definitions in a shop's folder, or its lists: files that lie in it, neither hidden ones, which
    editors and file servers leave, nor links to what lies elsewhere, nor pipes, which never end.
    """
    folder = own.resolve()
    return sorted(
        file
        for file in own.glob(pattern)
        if not file.name.startswith(".") and file.is_file() and file.resolve().parent == folder
    )


def list_unread_files(shipped: Path, own: Path | None = None) -> list[Path]:
    """The YAML files that somebody may take for definitions and no night reads: those that end in `.yaml`,
    and those of a shop's own folder that lie deeper than in `learned`.
    """
    read = {*list_own_files(own), *list_own_files(own / "learned")} if own else set()
    found = [*shipped.parent.rglob("*.yaml"), *([*own.rglob("*.yml"), *own.rglob("*.yaml")] if own else ())]
    return sorted(file for file in found if file not in read and not file.name.startswith("."))


def load_segments(
    folder: Path, own: Path | None = None, traits: Sequence[Trait] | None = None
) -> list[Segment]:
    """Every segment that the night evaluates, by segment id.

    Args:
        folder, own: as `list_files_in_force` takes them.
        traits: the declared ones, which are fields too; None: all of `segments/traits/`.

    Raises:
        SegmentError: there is none, or see `load_definitions`; also where a rule asks for lists or
            fields that the warehouse does not evaluate.
    """
    files = list_files_in_force(folder, own)
    if not files:
        raise SegmentError(f"no segment definitions (*.yml) in {folder.name}")
    definitions = load_with(files, make_reader_of_day(traits))
    staying = {each.segment_id for each in NightlyRules(tuple(each.segment for each in definitions)).staying}
    if errors := [error for each in definitions if (error := find_nightly_error(each, staying))]:
        raise SegmentError("\n".join(map(str, errors)), [flaw for error in errors for flaw in error.flaws])
    return [definition.segment for definition in definitions]


def make_reader_of_day(traits: Sequence[Trait] | None = None) -> Callable[[], Reader]:
    """What starts readers of definitions that may name what the warehouse knows of every day.

    Args:
        traits: the declared ones; None: all of `segments/traits/`.
    """
    known = describe_known_traits(traits)
    of_sql = dict.fromkeys(
        known.of_sql,
        "is a trait of SQL, known only as of the nights that were run, so the night evaluates no rule on it",
    )
    fields, not_of_days = {**NIGHT_FIELDS, **known.declared}, {**known.absent, **of_sql}
    return lambda: Reader(fields, not_of_days)


def find_nightly_error(definition: Definition, staying: Collection[str]) -> SegmentError | None:
    """What the warehouse does not evaluate in a definition: how long somebody is in a segment that asks that
    itself.

    Args:
        staying: the segments that ask how long somebody is in another.
    """
    flaws = []
    for node in walk(definition.segment.members):
        if asks_of_stays(node) and node.segment_id in staying:
            message = (
                f"{node.segment_id} asks itself how long somebody is in another segment; allowed: for and"
                " entered_within of segments that do not"
            )
            flaws.append(Flaw(definition.node.line, definition.node.column, message, False))
    return build_error(definition.file, flaws) if flaws else None
