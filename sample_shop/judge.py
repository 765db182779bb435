"""The judge: true expected purchases of any customer and item, from the truth folder alone.

For tests and benchmarks; no pipeline may read what it reads. Nothing is estimated here: the expectation
follows from the formulas of `tastes`, given the purchases until the evening of `as_of` and the shelf of the
days behind it: as it turned out (availability, prices, places in listings, launches that draw views away)
where the truth holds those days, else as on the last day that it holds.
"""

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sample_shop import tastes
from sample_shop.columns import Columns
from sample_shop.shop_calendar import calendar_date, get_day_number
from sample_shop.truth import ITEM_TASTES, PERSON_TASTES, normalise_identifier

PEOPLE_AT_ONCE = 500


def _numpy(column: pa.ChunkedArray) -> np.ndarray:
    if pa.types.is_fixed_size_list(column.type):
        width = column.type.list_size
        return column.combine_chunks().flatten().to_numpy(zero_copy_only=False).reshape(-1, width)
    return column.to_numpy()


class Judge:
    """What is true on the evening of a day.

    Attributes:
        person_ids, item_ids: rows and columns of every matrix returned: everybody and everything known by
        `as_of`.
    """

    def __init__(self, truth: Path, as_of: date) -> None:
        """Read the truth until `as_of`.

        Raises:
            FileNotFoundError: the truth of a day between the opening and `as_of` is not there.
        """
        self.truth, self.as_of, self.today = truth, as_of, get_day_number(as_of)
        persons = self.read_truth("persons")
        self.person_ids: list[str] = persons["person_id"].to_pylist()
        self.people = Columns(**{name: _numpy(persons[name]) for name in PERSON_TASTES})
        self.item_ids, self.items = self._assortment(as_of)
        world, brands = pq.read_table(truth / "categories.parquet"), pq.read_table(truth / "brands.parquet")
        self.world = Columns(**{name: _numpy(world[name]) for name in ("vector", "season", "peak_day")})
        self.brands = Columns(vector=_numpy(brands["vector"]))
        self.row_of = {person: row for row, person in enumerate(self.person_ids)}
        self.column_of = {item: column for column, item in enumerate(self.item_ids)}
        self.last_bought = self._last_bought()

    def _path(self, subject: str, number: int) -> Path:
        return self.truth / subject / f"{calendar_date(number)}.parquet"

    def read_truth(self, subject: str, until: date | None = None) -> pa.Table:
        """All rows of a subject from the opening until a day (default: `as_of`), with their `day` number."""
        tables = []
        for number in range(get_day_number(until or self.as_of) + 1):
            table = pq.read_table(self._path(subject, number))
            tables.append(table.append_column("day", pa.array(np.full(len(table), number))))
        return pa.concat_tables(tables)

    def _assortment(self, until: date) -> tuple[list[str], Columns]:
        """Every item launched until a day, in order of launch."""
        items = self.read_truth("items", until)
        return items["item_id"].to_pylist(), Columns(**{name: _numpy(items[name]) for name in ITEM_TASTES})

    def _last_bought(self) -> np.ndarray:
        last = np.full((len(self.person_ids), len(self.item_ids)), tastes.NEVER, dtype=np.int32)
        bought = self.read_truth("purchases")
        rows = [self.row_of[person] for person in bought["person_id"].to_pylist()]
        columns = [self.column_of[item] for item in bought["item_id"].to_pylist()]
        np.maximum.at(last, (rows, columns), bought["day"].to_numpy())
        return last

    def read_shelf(self, number: int, n_items: int) -> Columns:
        """The shelf of a day for the first `n_items` items; what is launched later cannot be bought yet."""
        table = pq.read_table(self._path("shelf", number))
        late = n_items - len(table)  # items stand in order of launch
        pad = {"is_available": False, "position": 0.0, "price": 1.0}
        return Columns(
            **{
                name: np.concatenate([_numpy(table[name]), np.full(late, value)])
                for name, value in pad.items()
            }
        )

    def compute_expected_purchases(self, days: int, person_ids: list[str] | None = None) -> np.ndarray:
        """True expected number of purchases (order lines, not units) of each customer and item in the next
        `days` days.

        Returns:
            (n_persons, n_items); rows as `person_ids` names them, all persons by default.
        """
        asked = self.person_ids if person_ids is None else person_ids
        wanted = np.array([self.row_of[person] for person in asked], dtype=int)
        newest = self.today
        while newest < self.today + days and self._path("shelf", newest + 1).is_file():
            newest += 1
        assortment = self._assortment(calendar_date(newest))[1]
        numbers = range(self.today + 1, self.today + 1 + days)
        shelves = [(number, self.read_shelf(min(number, newest), len(assortment))) for number in numbers]
        chunks = [wanted[k : k + PEOPLE_AT_ONCE] for k in range(0, len(wanted), PEOPLE_AT_ONCE)]
        parts = [self._expected(chunk, assortment, shelves) for chunk in chunks]
        return np.concatenate(parts) if parts else np.empty((0, len(self.item_ids)))

    def _expected(
        self, rows: np.ndarray, assortment: Columns, shelves: list[tuple[int, Columns]]
    ) -> np.ndarray:
        """Follow each (customer, item) through the days: not bought in the window yet, or last bought on one
        of its days.
        """
        people, last = self.people.take(rows), self.last_bought[rows]
        consumable = self.items.cycle > 0
        cycle = self.items.cycle[consumable] * people.pace[:, None]
        expected = np.zeros(last.shape)
        # a durable bought once is not bought again
        waiting = np.where(~consumable & (last != tastes.NEVER), 0.0, 1.0)
        bought_on: list[
            np.ndarray
        ] = []  # per day of the window: probability that this was the last purchase, consumables only
        owned_since = last[:, consumable]
        ages = [self._restock(np.full(1, age), people, cycle) for age in range(1, len(shelves) + 1)]
        for number, shelf in shelves:
            browse = self._browse(people, assortment, shelf, number)[:, : len(self.items)]
            available = shelf.is_available[: len(self.items)][consumable]
            here = available & (number < people.leaves)[:, None]
            age = np.where(owned_since == tastes.NEVER, 0, number - owned_since)
            buys = browse.copy()
            buys[:, consumable] = 1 - (1 - browse[:, consumable]) * (
                1 - here * self._restock(age, people, cycle)
            )
            today = waiting * buys
            waiting = waiting - today
            again = np.zeros_like(cycle)
            for k, mass in enumerate(bought_on):
                step = mass * (1 - (1 - browse[:, consumable]) * (1 - here * ages[len(bought_on) - k - 1]))
                bought_on[k] = mass - step
                again += step
            bought_on.append(today[:, consumable] + again)
            expected += today
            expected[:, consumable] += again
        return expected

    def _browse(self, people: Columns, assortment: Columns, shelf: Columns, number: int) -> np.ndarray:
        """Probability that a day's visits buy each item of the assortment: (n_people, n_assortment)."""
        liking = tastes.compute_personal_liking(people, assortment, self.world, self.brands, number)
        score = liking + tastes.compute_item_appeal(assortment, self.world, shelf, number)
        share = np.exp(score - score.max(axis=1, keepdims=True))
        share /= share.sum(axis=1, keepdims=True)
        return tastes.compute_browse_probability(
            tastes.visit_rate(people, number),
            people.extra_views,
            share * tastes.compute_buy_probability(people, liking),
        )

    @staticmethod
    def _restock(age: np.ndarray, people: Columns, cycle: np.ndarray) -> np.ndarray:
        return tastes.compute_restock_probability(age, people.loyalty[:, None], cycle)

    def list_identifiers(self) -> dict[tuple[str, str], set[str]]:
        """(kind, normalised value) → everybody seen behind it by `as_of`; several persons on shared devices
        and phones.

        Placeholders are left out: whoever typed one, it is nobody's.
        """
        nobodys, found = self.list_placeholders(), {}
        for kind, value, person in self._read_identifiers("kind", "value", "person_id"):
            if (kind, value) not in nobodys:
                found.setdefault((kind, value), set()).add(person)
        return found

    def list_placeholders(self) -> set[tuple[str, str]]:
        """(kind, normalised value) of what was typed or sent in the place of an identifier by `as_of`."""
        return {
            (kind, value)
            for kind, value, nobodys in self._read_identifiers("kind", "value", "is_placeholder")
            if nobodys
        }

    def _read_identifiers(self, *names: str) -> list[tuple]:
        table = self.read_truth("identifiers")
        if "is_placeholder" not in table.column_names:  # the truth of a shop without traps, before 2026-11-21
            table = table.append_column("is_placeholder", pa.array(np.zeros(len(table), dtype=bool)))
        return list(zip(*(table[name].to_pylist() for name in names), strict=True))

    def find_persons(self, kind: str, value: str) -> set[str]:
        """Everybody seen by `as_of` behind one identifier (kind user_id, anonymous_id, crm_id,
        email, phone).
        """
        return self.list_identifiers().get((kind, normalise_identifier(kind, value)), set())
