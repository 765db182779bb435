"""The definitions that a night evaluates, and those that it leaves out with why.

A definition is a shop's own text. What is wrong with one, or what it would cost, keeps neither its neighbours
nor the night from going on; what rests on it is left out with it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from segments.nightly import NightlyRules
from segments.parsing.definitions import (
    find_nightly_error,
    list_files_in_force,
    load_definition,
    make_reader_of_day,
)
from segments.parsing.flaws import SegmentError
from segments.parsing.learned import load_understood_in_force
from segments.parsing.reading import Reader
from segments.parsing.references import Definition, check_references, list_segments
from segments.sql.costs import CostLimits, SegmentCostError, ShopStatistics, check_costs
from segments.tree.learned import LearnedSegment
from segments.tree.rules import Segment
from segments.tree.traits import Trait


@dataclass(frozen=True)
class Bounds:
    """What a definition may cost at a shop's size."""

    statistics: ShopStatistics
    limits: CostLimits


@dataclass(frozen=True)
class SegmentsInForce:
    """The segments that a night evaluates, by id.

    Attributes:
        left_out: of each other segment with a rule why it is not among them.
        learned_left_out: the same of learned ones.
    """

    segments: tuple[Segment, ...]
    learned: tuple[LearnedSegment, ...]
    left_out: dict[str, str]
    learned_left_out: dict[str, str]

    @cached_property
    def rules(self) -> NightlyRules:
        """The definitions, parted by how the night evaluates them."""
        return NightlyRules(self.segments)

    @property
    def sentences(self) -> list[str]:
        """One for each that is left out."""
        return [
            f"{segment_id}: {why}"
            for segment_id, why in sorted((self.learned_left_out | self.left_out).items())
        ]


def select_in_force(
    shipped: Path,
    own: Path | None = None,
    bounds: Bounds | None = None,
    traits: Sequence[Trait] | None = None,
) -> SegmentsInForce:
    """What a night evaluates of the files in force.

    Args:
        shipped, own: as `list_files_in_force` takes them.
        bounds: None: whatever it costs.
        traits: the declared ones, which are fields too; None: all of `segments/traits/`.

    Raises:
        SegmentError: nothing is left to evaluate.
    """
    learned, errors = load_understood_in_force(own)
    learned_left_out = {segment_id: join_lines(error) for segment_id, error in errors.items()}
    kept, unfit = load_understood(list_files_in_force(shipped, own), make_reader_of_day(traits))
    for find_flaws in (find_not_nightly, lambda kept: find_too_dear(kept, bounds)):
        kept, unfit = leave_out(kept, unfit | find_flaws(kept))
    if not kept:
        why = "\n".join(unfit.values()) or f"no segment definitions (*.yml) in {shipped.name}"
        raise SegmentError(why)
    segments = tuple(kept[segment_id].segment for segment_id in sorted(kept))
    return SegmentsInForce(segments, tuple(learned), unfit, learned_left_out)


def load_understood(
    files: Sequence[Path], start_reader: Callable[[], Reader]
) -> tuple[dict[str, Definition], dict[str, str]]:
    """The definitions of some files that are understood and so are all that they name, by id; why each other
    is not among them.
    """
    understood: dict[str, Definition] = {}
    flaws: dict[str, str] = {}
    for file in files:
        try:
            understood[file.stem] = load_definition(file, start_reader())
        except SegmentError as error:
            flaws[file.stem] = join_lines(error)
        except OSError as error:
            flaws[file.stem] = f"{file.name} cannot be read: {error.strerror}"
    kept, unfit = leave_out(understood, flaws)
    while found := find_misfits(kept):
        kept, unfit = leave_out(kept, unfit | found)
    return kept, unfit


def leave_out(
    definitions: dict[str, Definition], flaws: dict[str, str]
) -> tuple[dict[str, Definition], dict[str, str]]:
    """The definitions without those that have flaws or rest on one that has, and why each is left out."""
    flaws = dict(flaws)
    while resting := {
        segment_id: f"it names the segment {named[0]}, which is left out"
        for segment_id, each in definitions.items()
        if segment_id not in flaws and (named := [name for name in list_segments(each) if name in flaws])
    }:
        flaws |= resting
    return {name: each for name, each in definitions.items() if name not in flaws}, flaws


def find_misfits(definitions: dict[str, Definition]) -> dict[str, str]:
    """What is wrong with definitions that name what there is not, or each other in a circle; where none does,
    with those that are too large with what they name.
    """
    errors = check_references(list(definitions.values()), [], None)
    return {str(error).partition(".yml:")[0]: join_lines(error) for error in errors}


def find_not_nightly(definitions: dict[str, Definition]) -> dict[str, str]:
    """What is wrong with definitions that a warehouse does not evaluate."""
    staying = {each.segment_id for each in get_rules(definitions).staying}
    return {
        segment_id: join_lines(error)
        for segment_id, each in definitions.items()
        if (error := find_nightly_error(each, staying))
    }


def find_too_dear(definitions: dict[str, Definition], bounds: Bounds | None) -> dict[str, str]:
    """The estimates of definitions that are out of bounds."""
    found = {}
    for segment_id, each in definitions.items() if bounds else ():
        try:
            check_costs([each.segment], bounds.statistics, bounds.limits)
        except SegmentCostError as error:
            found[segment_id] = str(error)
    return found


def get_rules(definitions: dict[str, Definition]) -> NightlyRules:
    """The definitions as the night parts them."""
    return NightlyRules(tuple(each.segment for each in definitions.values()))


def join_lines(error: SegmentError) -> str:
    """What is wrong, in a line."""
    return "; ".join(str(error).splitlines())
