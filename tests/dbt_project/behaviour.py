"""The golden definitions that the night evaluates, as a home's own."""

import shutil

from expectations.contracts.home import HomePaths
from segments.tree.rules import Segment
from tests.segments.golden_definitions import GOLDEN, load_golden

OF_ANY_DAY = ("20_", "37_", "38_")  # have every day asked, so that no edge would be missed
# What predictions, the profile and a list of the test's made-up identifiers would have to know.
NOT_NIGHTLY = ("09_", "10_", "35_", "39_", "40_", *OF_ANY_DAY)
OF_OTHERS = ("08_", "34_", "37_", "38_")  # rest on fields or stays, which the reference is not told


LISTS = {
    "list_a": frozenset({"item1", "item2", "item3"}),
    "list_b": frozenset({"item4", "item5"}),
    "list_c": frozenset({"item6", "item7", "item8", "item9"}),
}


def copy_golden(paths: HomePaths) -> None:
    """Put the definitions into a home, and the lists of items that they name."""
    paths.segment_definitions.mkdir(parents=True)
    for file in GOLDEN.glob("*.yml"):
        if not file.name.startswith(NOT_NIGHTLY):
            shutil.copyfile(file, paths.segment_definitions / file.name)
    paths.lists.mkdir()
    for name, items in LISTS.items():
        (paths.lists / f"{name}.csv").write_text("\n".join(["item_id", *sorted(items), ""]))


def load_nightly_golden() -> list[Segment]:
    """Those of events alone."""
    left_out = (*NOT_NIGHTLY, *OF_OTHERS)
    return [segment for segment in load_golden() if not segment.segment_id.startswith(left_out)]
