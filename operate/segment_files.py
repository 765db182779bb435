"""Files of segments and traits on this machine: whether they are understood, and what there is."""

from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.markup import escape

from operate.segment_answers import make_table
from segments.evaluation.needs import find_needs
from segments.in_force import Bounds, find_too_dear, leave_out, load_understood
from segments.nightly import NightlyRules
from segments.parsing.definitions import (
    find_nightly_error,
    list_files_in_force,
    load_definitions,
    load_segments,
    load_with,
    make_reader_of_day,
)
from segments.parsing.documents import compose_document, read_text
from segments.parsing.flaws import SegmentError
from segments.parsing.learned import load_learned_in_force, parse_learned
from segments.parsing.references import Definition
from segments.parsing.traits import find_trait_kind, load_traits, parse_trait
from segments.sql_traits import SqlTrait, load_shop_sql_traits
from segments.to_sql import DEFINITIONS, list_conditions
from segments.tree.learned import LearnedSegment
from segments.tree.rules import Segment
from segments.tree.traits import Trait

Kind = Literal["segment", "learned", "trait"]
KEYS: dict[str, Kind] = {"trait": "trait", "lookalike": "learned", "prospects": "learned"}


def check_files(files: list[Path], folder: Path = DEFINITIONS, own: Path | None = None) -> str:
    """What was checked, and a line for each thing that is understood and that no night evaluates; files may
    name each other's segments and those of the night. What is wrong with another file of the night is said,
    and keeps these from nothing.

    Args:
        folder, own: as `list_files_in_force` takes them.

    Raises:
        SegmentError: something is wrong; a line for each mistake.
    """
    if not files:
        return check_everything(folder, own)
    errors: list[str] = []
    by_kind: dict[Kind, list[Path]] = {"segment": [], "learned": [], "trait": []}
    for file in files:
        by_kind[find_kind(file)].append(file)
    rules = {file.stem for file in list_files_in_force(folder, own)}
    for file in (*by_kind["learned"], *by_kind["trait"]):
        try:
            if file in by_kind["trait"]:
                parse_trait(read_text(file), file.name)
            else:
                parse_learned(read_text(file), file.name, rules)
        except SegmentError as error:
            errors.append(str(error))
    neighbours, broken = load_neighbours(by_kind["segment"], folder, own)
    n_inside, remarks = 0, []
    try:
        if by_kind["segment"]:
            n_inside, remarks = check_segments(by_kind["segment"], neighbours, folder, own)
    except SegmentError as error:
        errors.append(str(error))
    errors += list_sql_flaws()
    remarks += [f"Warning: {why}" for why in broken]
    if errors:
        raise SegmentError("\n".join([*errors, *remarks]))
    of_night = f"; evaluated by the night: {n_inside}" if n_inside else ""
    return "\n".join([f"Understood: {len(files)}{of_night}.", *remarks])


def load_neighbours(files: list[Path], folder: Path, own: Path | None) -> tuple[list[Definition], list[str]]:
    """The night's definitions but for those in some files, and why each other one is none of them."""
    nightly, asked = list_files_in_force(folder, own), {file.resolve() for file in files}
    kept, left_out = load_understood(nightly, make_reader_of_day())
    others = [file.stem for file in nightly if file.resolve() not in asked]
    broken = [f"{name}: {left_out[name]}" for name in others if name in left_out]
    return [kept[name] for name in others if name in kept], broken


def find_kind(file: Path) -> Kind:
    """What a file defines, by its keys; what cannot be told is read as a segment."""
    try:
        node = compose_document(read_text(file), file.name)
    except SegmentError:
        return "segment"
    keys = [key.value for key, _ in node.value] if node.kind == "mapping" else []
    return next((KEYS[key] for key in keys if key in KEYS), "segment")


def check_segments(
    files: list[Path], neighbours: list[Definition], folder: Path, own: Path | None
) -> tuple[int, list[str]]:
    """How many of some definitions the night evaluates; what of the others it would not.

    Args:
        neighbours: those of the night that are understood, but for these.

    Raises:
        SegmentError: one is not understood, or the night does not evaluate one of its own.
    """
    known = {file.resolve() for file in list_files_in_force(folder, own)}
    inside = [file for file in files if file.resolve() in known]
    outside = [file for file in files if file.resolve() not in known]
    evaluated = load_with(inside, make_reader_of_day(), neighbours)
    staying = {
        each.segment_id
        for each in NightlyRules(tuple(each.segment for each in (*neighbours, *evaluated))).staying
    }
    if errors := [str(error) for each in evaluated if (error := find_nightly_error(each, staying))]:
        raise SegmentError("\n".join(errors))
    evaluated += neighbours
    load_definitions(outside, others=evaluated)
    return len(inside), list_not_nightly(outside, evaluated)


def list_not_nightly(files: list[Path], others: list[Definition]) -> list[str]:
    """A line for each thing in understood definitions that no night evaluates, as a preview says it."""
    try:
        load_with(files, make_reader_of_day(), others)
    except SegmentError as error:
        return [f"Not evaluated by a night: {line}" for line in str(error).splitlines()]
    return []


def check_everything(folder: Path, own: Path | None) -> str:
    """A sentence on what the night evaluates, learns and makes columns of.

    Raises:
        SegmentError: by `check_files`.
    """
    evaluated, learned = load_segments(folder, own), load_learned_in_force(own)
    n_traits = len(load_traits()) + len(load_shop_sql_traits()[0])
    if flaws := list_sql_flaws():
        raise SegmentError("\n".join(flaws))
    counted = f"{len(evaluated)}; learned by it: {len(learned)}; traits: {n_traits}"
    return f"Understood, and evaluated by the night: {counted}."


def refuse_too_dear(files: list[Path], folder: Path, own: Path | None, bounds: Bounds) -> None:
    """Stop where one of some understood definitions would cost too much, or rests on one that would, which
    the night leaves out.

    Args:
        files: none: those of the night.

    Raises:
        SegmentError: one would; a line for each, with its estimate.
    """
    known = {file.resolve() for file in list_files_in_force(folder, own)}
    outside = [file for file in files if file.resolve() not in known and find_kind(file) == "segment"]
    evaluated, _ = load_neighbours(outside, folder, own)
    definitions = [*evaluated, *load_definitions(outside, others=evaluated)]
    by_id = {each.segment.segment_id: each for each in definitions}
    _, left_out = leave_out(by_id, find_too_dear(by_id, bounds))
    asked = {file.stem for file in files} or by_id.keys()
    if lines := [f"{by_id[name].file}: {why}" for name, why in left_out.items() if name in asked]:
        raise SegmentError("\n".join(lines))


def list_sql_flaws() -> list[str]:
    """A line for each SQL trait that cannot be one."""
    return [f"traits of SQL: {flaw.message}" for flaw in load_shop_sql_traits()[1]]


def print_segments(console: Console, segments: list[Segment], learned: list[LearnedSegment]) -> None:
    """A line for each segment, with the fields and events that its rule asks, or whom a learned one is of."""
    table = make_table("segment", "kind", "name", "asks")
    for segment in segments:
        fields = dict.fromkeys(each.measure.name for each in list_conditions(segment.members))
        asked = [*fields, *sorted(find_needs(segment.members).attributes)]
        table.add_row(segment.segment_id, segment.kind, escape(segment.name), ", ".join(asked))
    for each in learned:
        table.add_row(
            each.segment_id, each.kind, escape(each.name), escape(each.seed or each.item or each.category)
        )
    console.print(table)


def print_traits(console: Console, traits: list[Trait], of_sql: list[SqlTrait]) -> None:
    """A line for each trait."""
    table = make_table("trait", "kind", "name")
    for trait in traits:
        table.add_row(trait.trait, find_trait_kind(trait), escape(trait.name))
    for model in of_sql:
        for name, column in model.columns.items():
            table.add_row(name, column.kind, escape(f"SQL: {model.model}"))
    console.print()
    console.print(table)
