"""A trait's file as a `Trait`: a measure of a customer's events under a name of its own.

The measures are those that rules compare, but that a trait knows no field, since it is one; and there is the
list of different values, which no rule compares.
"""

from functools import cache
from pathlib import Path

from segments.fields import NIGHT_FIELDS, Field
from segments.parsing.documents import Node, compose_document, read_text
from segments.parsing.events import OF_KEY, SET_KEYS, TEXTS, build_events
from segments.parsing.flaws import SegmentError, build_error
from segments.parsing.measures import declare_counting_forms, declare_form, declare_other_forms, find_kind
from segments.parsing.reading import BROKEN, Broken, Reader, Reading
from segments.parsing.scalars import Pattern, Text, Whole, Words
from segments.parsing.shapes import Choice, Key, Named, Record
from segments.parsing.text import NAME
from segments.tree.traits import Trait, UniqueList

TRAITS = Path(__file__).resolve().parents[1] / "traits"
MOST_LISTED = 100
MOST_TRAITS = 200
OWN_COLUMNS = ("customer_id", "now")  # of the relation that holds them
ELSEWHERE = {"field": "field may not stand in a trait, which is worked out of events alone"}


def build_unique_list(reading: Reading) -> UniqueList | Broken:
    """The different values of an attribute."""
    events = build_events(reading, "of")
    if events is BROKEN:
        return BROKEN
    return UniqueList(reading.values["unique_list"], events, reading.values["most"])


@cache
def declare_trait_measures() -> Choice:
    """The grammar of the parts of arithmetic in a trait."""
    others = [form for form in declare_other_forms() if form.head != "field"]
    return Choice("a measure", (*declare_counting_forms(TRAIT_MEASURE), *others), ELSEWHERE)


@cache
def declare_values() -> Choice:
    """The grammar of what a trait is: a measure, or a list."""
    unique_list = declare_form(
        "unique_list",
        Words("attribute", TEXTS),
        "The different values of an attribute, that of the newest event first.",
        build_unique_list,
        Key("most", Whole("most", 1, MOST_LISTED), "At most so many values.", is_required=True),
        OF_KEY,
        *SET_KEYS,
    )
    return Choice("what a trait is", (*declare_trait_measures().forms, unique_list), ELSEWHERE)


TRAIT_MEASURE = Named("measure", declare_trait_measures)
TRAIT = Record(
    "",
    (
        Key(
            "trait",
            Pattern("trait", NAME, "small letters, digits and underscores"),
            "The trait's column and field, and its file's name.",
            is_required=True,
        ),
        Key("name", Text("name", may_wrap=True), "What people call it.", is_required=True),
        Key(
            "description",
            Text("description", may_wrap=True),
            "What it says, in a sentence.",
            is_required=True,
        ),
        Key("unit", Text("unit"), "Of a number: pieces, EUR, days …"),
        Key("value", Named("value", declare_values), "What is measured of the customer's events.", True),
    ),
    lambda reading: build_trait(reading),
)


def build_trait(reading: Reading) -> Trait | Broken:
    """The trait of a definition."""
    trait = Trait(**reading.values)
    if trait.unit and find_trait_kind(trait) != "number":
        return reading.refuse("unit", f"unit is of numbers, and {trait.trait} is a {find_trait_kind(trait)}")
    return trait


def find_trait_kind(trait: Trait) -> str:
    """What a trait is: number, text or list."""
    return "list" if isinstance(trait.value, UniqueList) else find_kind(trait.value, {})


def parse_trait(text: str, file: str) -> Trait:
    """The trait of a definition's text; `file` names it in messages and is called after the trait.

    Raises:
        SegmentError: it is none; a line for each thing that is wrong.
    """
    node, reader = compose_document(text, file), Reader({})
    trait = TRAIT.read(node, reader)
    for reference in reader.references:
        reader.refuse(
            reference.node,
            f"{reference.kind} {reference.name!r}: a trait knows no lists",
            is_structural=False,
        )
    if isinstance(trait, Trait):
        refuse_name(trait.trait, file, reader, node)
    if reader.flaws or isinstance(trait, Broken):
        raise build_error(file, reader.flaws)
    return trait


def refuse_name(name: str, file: str, reader: Reader, node: Node) -> None:
    """Note what is wrong with a trait's name: it is not the file's, or is another's already."""
    stem = file.removesuffix(".yml")
    if name != stem:
        reader.refuse(node, f"trait is {name!r}; the file of that trait is {name}.yml", is_structural=False)
    if name in NIGHT_FIELDS:
        reader.refuse(
            node, f"{name!r} is a field already; a trait has a name of its own", is_structural=False
        )
    if name in OWN_COLUMNS or not name[0].isalpha():
        reader.refuse(
            node,
            f"{name!r} is no name of a column; allowed: another, beginning with a letter",
            is_structural=False,
        )


def load_traits(folder: Path = TRAITS) -> list[Trait]:
    """Every trait of a folder, by name; none where there is none.

    Raises:
        SegmentError: a file is none; a line for each thing that is wrong, of all files.
    """
    traits, errors = [], []
    for file in sorted(folder.glob("*.yml")):
        try:
            traits.append(parse_trait(read_text(file), file.name))
        except SegmentError as error:
            errors.append(error)
    if len(traits) > MOST_TRAITS:
        errors.append(SegmentError(f"{folder.name} has {len(traits)} traits; allowed: {MOST_TRAITS}"))
    if errors:
        raise SegmentError("\n".join(map(str, errors)), [flaw for error in errors for flaw in error.flaws])
    return traits


def describe_trait_fields(traits: list[Trait]) -> tuple[dict[str, Field], dict[str, str]]:
    """What rules may name of traits: fields that stand for their measures; and those that no rule can
    compare, with the end of the sentence on why.
    """
    fields, absent = {}, {}
    for trait in traits:
        kind = find_trait_kind(trait)
        if kind == "list":
            attribute = trait.value.attribute
            absent[trait.trait] = (
                f"is a list, which no rule compares; ask for events: count, where: {{{attribute}: …}}"
            )
        else:
            fields[trait.trait] = Field(kind, trait.description, trait.value)
    return fields, absent
