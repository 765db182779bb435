"""Writes the truth about the shop, beside what it hands over; a judge reads it, no pipeline may.

One folder per subject and one file per day, each a function of seed, size and that day alone. `TRUTH.md`
describes them.
"""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa

from sample_shop import file_writing, tastes
from sample_shop.assortment import BRANDS, CATEGORIES
from sample_shop.catalogue import Catalogue
from sample_shop.columns import Columns
from sample_shop.consent_truth import ConsentStates
from sample_shop.crm import format_csv_line
from sample_shop.nightly_files import PlantedRows
from sample_shop.people import KINDS, PURPOSES, People
from sample_shop.planted_cases.records import ExpectedFact
from sample_shop.visits import ShoppingDay

PERSON_TASTES = (
    "category_taste",
    "category_turn",
    "turn_speed",
    "brand_taste",
    "style_taste",
    "price_level",
    "visit_rate",
    "extra_views",
    "buy_rate",
    "loyalty",
    "pace",
    "store_share",
    "arrived",
    "leaves",
)
ITEM_TASTES = ("category", "brand", "style", "quality", "price_z", "usual_price", "launched", "cycle")
TRAP_COLUMNS = ("trap", "feed", "key", "field", "value")
PLANTED_HEADER = ("feed", "file", "line", "kind", "reason", "key", "is_extra")
_PAGE = (Path(__file__).parent / "TRUTH.md").read_text()


def normalise_identifier(kind: str, value: str) -> str:
    """An identifier in its normal form: trimmed, e-mail in lower case, phone as digits with its leading +."""
    value = value.strip()
    if kind == "email":
        return value.lower()
    return (
        ("+" if value.startswith("+") else "") + "".join(c for c in value if c.isdigit())
        if kind == "phone"
        else value
    )


class IdentifierRegister:
    """Which person stands behind which identifier, each pair noted on the day it first shows in a feed.

    Args:
        placeholders: (kind, normalised value) of what is typed or sent in the place of an identifier, and
            nobody's.
    """

    def __init__(self, placeholders: frozenset[tuple[str, str]]) -> None:
        self.placeholders = placeholders
        self.seen: set[tuple[str, str, int]] = set()
        self.new: list[tuple[str, str, int, bool, bool]] = []

    def add_sighting(self, kind: str, value: str, person: int, shared_device: bool = False) -> None:
        """Record that `value` was seen for `person`; an empty value is nobody's."""
        if not value:
            return
        entry = (kind, normalise_identifier(kind, value), person)
        if entry not in self.seen:
            self.seen.add(entry)
            is_placeholder = entry[:2] in self.placeholders
            self.new.append((*entry, shared_device and not is_placeholder, is_placeholder))

    def pop_new(self) -> list[tuple[str, str, int, bool, bool]]:
        """The sightings recorded since the last call."""
        new, self.new = self.new, []
        return new


def _column(values: np.ndarray) -> pa.Array:
    if values.ndim == 1:
        return pa.array(values)
    return pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(values).ravel()), values.shape[1])


def _table(rows: Columns, names: tuple[str, ...], **ids: list[str]) -> pa.Table:
    texts = {name: pa.array(values, pa.string()) for name, values in ids.items()}
    return pa.table({**texts, **{name: _column(rows.arrays[name]) for name in names}})


class TruthWriter:
    """Writes the truth folder."""

    def __init__(self, folder: Path, people: People, shop: Catalogue) -> None:
        self.folder, self.people, self.shop = folder, people, shop

    def write_world(self) -> None:
        """What holds for all days: this page, categories and brands with their vectors, the position bias."""
        file_writing.write_file(self.folder / "README.md", _PAGE.encode())
        about = {"seed": self.shop.seed, "customers": self.people.n_customers}
        file_writing.write_file(self.folder / "shop.json", (json.dumps(about, indent=2) + "\n").encode())
        paths = [" > ".join(c.path) for c in CATEGORIES]
        file_writing.write_table(
            self.folder / "categories.parquet",
            _table(self.shop.categories, ("vector", "season", "peak_day"), category_path=paths),
        )
        file_writing.write_table(
            self.folder / "brands.parquet", _table(self.shop.brands, ("vector",), brand_name=list(BRANDS))
        )
        places = np.arange(60)
        rows = [format_csv_line((str(p + 1), f"{tastes.compute_position_bias(p):.6f}")) for p in places]
        file_writing.write_lines(
            self.folder / "position_bias.csv", rows, b"position,relative_chance_to_be_looked_at"
        )

    def _write(self, subject: str, day: str, table: pa.Table) -> None:
        file_writing.write_table(self.folder / subject / f"{day}.parquet", table)

    def write_newcomers(self, day: str, persons: np.ndarray, launched: np.ndarray) -> None:
        """People and items new on a day, with their latent tastes."""
        rows = self.people.rows.take(persons)
        ids = {
            "person_id": [self.people.person_ids[p] for p in persons],
            "kind": [KINDS[k] for k in rows.kind],
        }
        self._write("persons", day, _table(rows, PERSON_TASTES, **ids))
        ids = {"item_id": [self.shop.make_item_id(i) for i in launched]}
        self._write("items", day, _table(self.shop.items.take(launched), ITEM_TASTES, **ids))

    def write_shelf(self, day: str, shelf: Columns, item_ids: list[str]) -> None:
        """Whether each item could be bought, its price and its place in its listing."""
        self._write("shelf", day, _table(shelf, ("is_available", "position", "price"), item_id=item_ids))

    def write_consents(self, day: str, persons: np.ndarray) -> None:
        """All consents of newcomers, and of those who took one back, as they are from that day on."""
        granted = self.people.rows.consent[persons]
        table = pa.table(
            {
                "person_id": np.repeat([self.people.person_ids[p] for p in persons], 3)
                if len(persons)
                else pa.array([], pa.string()),
                "purpose": list(PURPOSES) * len(persons),
                "is_granted": granted.ravel(),
            }
        )
        self._write("consents", day, table)

    def write_identifiers(self, day: str, new: list[tuple[str, str, int, bool, bool]]) -> None:
        """Identifiers first seen for a person on a day."""
        columns = list(zip(*new, strict=True)) or [()] * 5
        table = pa.table(
            {
                "kind": pa.array(columns[0], pa.string()),
                "value": pa.array(columns[1], pa.string()),
                "person_id": pa.array([self.people.person_ids[p] for p in columns[2]], pa.string()),
                "is_shared_device": pa.array(columns[3], pa.bool_()),
                "is_placeholder": pa.array(columns[4], pa.bool_()),
            }
        )
        self._write("identifiers", day, table)

    def write_traps(self, day: str, rows: list[tuple[str, str, str, str, str, int]]) -> None:
        """Records of a day with a value that is nobody's or somebody else's: `traps.TrapRow`."""
        columns = list(zip(*rows, strict=True)) or [()] * 6
        texts = {name: pa.array(columns[k], pa.string()) for k, name in enumerate(TRAP_COLUMNS)}
        persons = pa.array([self.people.person_ids[p] for p in columns[5]], pa.string())
        self._write("traps", day, pa.table({**texts, "person_id": persons}))

    def write_purchases(
        self, day: str, today: ShoppingDay, order_ids: dict[int, str], item_ids: list[str]
    ) -> None:
        """What was truly bought, and by whom; `order_ids` by visit."""
        bought, persons = today.purchases, today.visits.person[today.purchases.visit]
        table = pa.table(
            {
                "person_id": pa.array([self.people.person_ids[p] for p in persons], pa.string()),
                "item_id": pa.array([item_ids[i] for i in bought.item], pa.string()),
                "order_id": pa.array([order_ids[v] for v in bought.visit.tolist()], pa.string()),
                "quantity": pa.array(bought.quantity),
                "is_restock": pa.array(bought.is_restock),
            }
        )
        self._write("purchases", day, table)

    def write_sessions(self, day: str, rows: list[tuple[str, int, str]]) -> None:
        """Who truly sat behind each session: (session id, person, anonymous id)."""
        columns = list(zip(*rows, strict=True)) or [(), (), ()]
        table = pa.table(
            {
                "session_id": pa.array(columns[0], pa.string()),
                "person_id": pa.array([self.people.person_ids[p] for p in columns[1]], pa.string()),
                "anonymous_id": pa.array(columns[2], pa.string()),
            }
        )
        self._write("sessions", day, table)

    def write_consent_states(self, day: str, states: ConsentStates) -> None:
        """What was last said about consent in the files of a landing day, by identifier and purpose."""
        keys = sorted(states)
        columns = {
            name: pa.array([key[k] for key in keys], pa.string())
            for k, name in enumerate(("kind", "value", "purpose"))
        }
        said_at = pa.array([states[key][0] for key in keys], pa.timestamp("ms", "UTC"))
        is_granted = pa.array([states[key][1] for key in keys], pa.bool_())
        self._write("words", day, pa.table({**columns, "said_at": said_at, "is_granted": is_granted}))

    def write_expected_facts(self, day: str, facts: list[ExpectedFact]) -> None:
        """What is right of planted records from a landing day on."""
        texts = [
            (fact.kind, fact.key, json.dumps(fact.facts, ensure_ascii=False, sort_keys=True))
            for fact in facts
        ]
        columns = list(zip(*texts, strict=True)) or [()] * 3
        names = ("kind", "key", "facts")
        self._write(
            "facts", day, pa.table({name: pa.array(columns[k], pa.string()) for k, name in enumerate(names)})
        )

    def write_planted_rows(self, day: str, rows: PlantedRows) -> None:
        """What is odd or wrong in the files of a landing day, line by line, and how much of each kind."""
        text = [
            format_csv_line([*(str(field) for field in row[:-1]), "true" if row[-1] else "false"])
            for row in rows
        ]
        file_writing.write_lines(
            self.folder / "planted" / day / "records.csv", text, format_csv_line(PLANTED_HEADER)
        )
        counts: dict[tuple[str, str, str], int] = {}
        for feed, _, _, kind, reason, *_ in rows:
            counts[feed, kind, reason] = counts.get((feed, kind, reason), 0) + 1
        lines = [format_csv_line((*key, str(counts[key]))) for key in sorted(counts)]
        file_writing.write_lines(self.folder / "planted" / day / "counts.csv", lines, b"feed,kind,reason,n")
