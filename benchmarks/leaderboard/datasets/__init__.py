"""Data sets, each by the protocol its published figures were made by: what may be fitted, who is asked, and
where to choose.
"""

from collections.abc import Callable
from pathlib import Path

from benchmarks.leaderboard.datasets import beauty, folder, gowalla, online_retail, retailrocket
from benchmarks.leaderboard.datasets.order import shuffle_items
from benchmarks.leaderboard.datasets.window import Dataset, TestWindow

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
LOADERS: dict[str, Callable[[Path], Dataset]] = {
    "online_retail": online_retail.load_online_retail,
    "gowalla": gowalla.load_gowalla,
    "beauty": beauty.load_beauty,
    "retailrocket": retailrocket.load_retailrocket,
}

__all__ = ["LOADERS", "SHARED", "Dataset", "TestWindow", "load_dataset", "read_dataset"]


def load_dataset(name: str, shared: Path = SHARED, seed: int = 1) -> Dataset:
    """A data set by its name, or of a folder with an `interactions.csv` by the folder's path.

    Args:
        seed: draws the order in which items are numbered, which decides between equal scores.

    Raises:
        ValueError: it is neither, or its files are not there.
    """
    return shuffle_items(read_dataset(name, shared), seed)


def read_dataset(name: str, shared: Path = SHARED) -> Dataset:
    """`load_dataset`, items numbered as the files have them."""
    if name in LOADERS:
        try:
            return LOADERS[name](shared / name)
        except FileNotFoundError as error:
            raise ValueError(
                f"{error.filename} is not there: benchmarks/README.md says which files {name} is, --shared"
                " where they lie"
            ) from None
    if (Path(name) / folder.FILE).is_file():
        return folder.load_folder(Path(name))
    raise ValueError(
        f"unknown data {name!r}; there are {', '.join(LOADERS)}, or the path of a folder with {folder.FILE}"
    )
