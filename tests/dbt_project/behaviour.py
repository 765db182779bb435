"""The golden definitions that the night evaluates, as a home's own."""

import shutil
from collections.abc import Collection, Sequence

from expectations.contracts.home import HomePaths
from expectations.contracts.identifiers import hash_identifier
from segments.tree.rules import Segment
from spark_jobs.settings import Settings
from tests.segments.golden_definitions import GOLDEN, load_golden

OF_ANY_DAY = ("20_", "37_", "38_")  # have every day asked, so that no edge would be missed
# Rest on fields, stays or a list of customers, which only `test_golden` tells the reference.
OF_OTHERS = ("08_", "09_", "10_", "34_", "35_", "37_", "38_", "39_", "40_")
NEW_ITEM = "item10"  # on its list from the last night on
VIP = "35_on_vip_list"

LISTS = {
    "list_a": frozenset({"item1", "item2", "item3", NEW_ITEM}),
    "list_b": frozenset({"item4", "item5"}),
    "list_c": frozenset({"item6", "item7", "item8", "item9"}),
}


def copy_golden(paths: HomePaths, left_out: tuple[str, ...] = OF_ANY_DAY) -> None:
    """Put the definitions into a home, and the lists of items that they name."""
    paths.segment_definitions.mkdir(parents=True)
    for file in GOLDEN.glob("*.yml"):
        if not file.name.startswith(left_out):
            shutil.copyfile(file, paths.segment_definitions / file.name)
    paths.lists.mkdir()
    write_item_lists(paths, {NEW_ITEM})


def load_nightly_golden() -> list[Segment]:
    """Those of events alone."""
    left_out = (*OF_ANY_DAY, *OF_OTHERS)
    return [segment for segment in load_golden() if not segment.segment_id.startswith(left_out)]


def write_item_lists(paths: HomePaths, waiting: Collection[str] = ()) -> None:
    """Make the lists of items hold what they hold in the end, but for some items."""
    for name, items in LISTS.items():
        (paths.lists / f"{name}.csv").write_text("\n".join(["item_id", *sorted(items - {*waiting}), ""]))


def hash_user(paths: HomePaths, user: str) -> str:
    """The identifier of a user id on an uploaded list."""
    settings = Settings.from_environment({"CONCIERGE_HOME": str(paths.root)})
    return hash_identifier(settings.identity_key, "user_id", settings.sources[0], user)


def write_vip(paths: HomePaths, users: Sequence[str]) -> None:
    """Make the list of customers hold these."""
    (paths.lists / "vip.csv").write_text("\n".join(["user_id", *users, ""]))
