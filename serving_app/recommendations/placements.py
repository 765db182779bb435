"""The placements of a shop: which lists fill a place on a page, and by which rules."""

import logging
from pathlib import Path
from typing import Literal

from pydantic import Field

from expectations.contracts.home import HomePaths
from expectations.contracts.yaml_files import FileModel, read_yaml, validate
from serving_app.recommendations.decision import FILL, Fatigue

FILE = Path(__file__).with_name("placements.yml")
DEFAULT = "default"

logger = logging.getLogger(__name__)


class PlacementsError(ValueError):
    """A file of placements is not understood."""


class Placement(FileModel):
    """How the list of one placement is made; a request's own `mode`, `diversity` and `max_per_category` come
    first.

    Attributes:
        sources: rungs, best first; those of `popular` and `similar` lists come with the route.
        fatigue_rate: share of its score that an item loses with each time it is shown without a click beyond
            `fatigue_after`.
        is_steered_by_session: whether what the visitor looked at since the night has a say.
        has_pins_and_boosts: whether pins and boosts hold; blocks hold everywhere.
        leaves_out_cart: whether what lies in the cart is left out.
    """

    sources: list[Literal["personal", "audience", "popular", "similar", "cart", "new"]] = Field(
        ["personal", "audience", "popular"], min_length=1
    )
    mode: Literal["fill", "strict"] = FILL
    diversity: float = Field(0.0, ge=0, le=1, strict=False)
    max_per_category: int | None = Field(None, ge=1)
    fatigue_rate: float = Field(0.0, ge=0, lt=1, strict=False)
    fatigue_after: int = Field(0, ge=0)
    is_steered_by_session: bool = True
    has_pins_and_boosts: bool = True
    leaves_out_cart: bool = True

    def for_sources(self, *sources: str) -> "Placement":
        """The same rules for a list whose sources come with its route: no pins and boosts, and no session."""
        changes = {"sources": [*sources], "has_pins_and_boosts": False, "is_steered_by_session": False}
        return self.model_copy(update=changes | {"fatigue_rate": 0.0})

    @property
    def fatigue(self) -> Fatigue:
        return Fatigue(self.fatigue_rate, self.fatigue_after)


class PlacementsFile(FileModel):
    """A file of placements."""

    placements: dict[str, Placement]


class Placements:
    """The placements of a home."""

    def __init__(self, home: Path) -> None:
        """A home's own file that is wrong is logged, and the shop has the placements that come with
        Concierge: a page with another order is better than none.
        """
        self._by_name = read_placements(FILE)
        self._problem = ""
        own = HomePaths(home).placements
        if own.exists():
            try:
                self._by_name |= read_placements(own)
            except PlacementsError as error:
                self._problem = f"the home's placements are not used: {error}"
                logger.error("%s", self._problem)

    def find(self, name: str | None) -> Placement:
        """The placement of this name, or of the part before its first slash, or the default."""
        if name:
            for known in (name, name.partition("/")[0]):
                if known in self._by_name:
                    return self._by_name[known]
        return self._by_name[DEFAULT]

    def list_names(self) -> list[str]:
        """The names of all placements."""
        return [*self._by_name]

    def describe_problem(self) -> str:
        """Why the home's own placements are not used; empty when they are."""
        return self._problem


def read_placements(file: Path) -> dict[str, Placement]:
    """The placements of a file by name.

    Raises:
        PlacementsError: the file cannot be read, or says something that is not understood.
    """
    try:
        document = read_yaml(file, PlacementsError)
    except OSError as error:
        raise PlacementsError(f"{file.name}: cannot be read: {error.strerror}") from error
    return validate(PlacementsFile, document, file.name, PlacementsError).placements
