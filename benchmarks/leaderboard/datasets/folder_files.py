"""The files of a shop's own folder, read strictly: a value that cannot be read ends the program with a
sentence.

A sentence says which file and column, how many rows, what the first of them holds, and what is allowed.
"""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from models.training_data import KINDS, PURCHASE

FILE, TEST_FILE, PROTOCOL_FILE = "interactions.csv", "test.csv", "protocol.yml"
TIMES = "ISO 8601, such as 2026-01-31 or 2026-01-31T08:15:00.250+02:00; without an offset it is UTC"
FIGURES = ("ndcg", "recall", "hit", "mrr", "map")
TASKS = ("discover", "next")
BETWEEN = "|"  # stands between several categories of an item
MOST_CUT = 1000
SHOWN = 40  # characters of a value in a message


def read_interactions(folder: Path, times_wanted: bool) -> pd.DataFrame:
    """Rows of `customer_id`, `item_id`, `day` (since 1970-01-01 UTC), `kind`, and where the file has them
    `price`, `category`.

    Args:
        times_wanted: without them every row stands on day 0, which a folder with a test file of its own may
            do.

    Raises:
        ValueError: something in the file cannot be read; says what.
    """
    path = folder / FILE
    rows = read_csv_as_text(path)
    required = ("customer_id", "item_id", *(("occurred_at",) if times_wanted else ()))
    check_columns(path, rows, required)
    check_ids(path, rows)
    if "occurred_at" in rows:
        rows["day"] = parse_days(path, rows["occurred_at"])
    else:
        rows["day"] = 0
    rows["kind"] = parse_kinds(path, rows["interaction_type"]) if "interaction_type" in rows else PURCHASE
    if "price" in rows:
        rows["price"] = parse_prices(path, rows["price"])
    return rows


def read_test_rows(folder: Path) -> pd.DataFrame | None:
    """Rows of `customer_id`, `item_id` that are asked for; None where the folder has no test file.

    Raises:
        ValueError: something in the file cannot be read; says what.
    """
    path = folder / TEST_FILE
    if not path.is_file():
        return None
    rows = read_csv_as_text(path)
    check_columns(path, rows, ("customer_id", "item_id"))
    check_ids(path, rows)
    return rows


def read_protocol(folder: Path) -> dict[str, list]:
    """`cuts`, `figures` and `tasks` that the table shows; empty where the folder names none.

    Raises:
        ValueError: another name or value.
    """
    path = folder / PROTOCOL_FILE
    if not path.is_file():
        return {}
    allowed = (
        f"allowed are cuts (whole numbers from 1 to {MOST_CUT}), figures ({', '.join(FIGURES)}), tasks"
        f" ({', '.join(TASKS)})"
    )
    try:
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not YAML ({str(error).splitlines()[0]}); {allowed}") from None
    if not isinstance(settings, dict) or (settings.keys() - {"cuts", "figures", "tasks"}):
        raise ValueError(f"{path} holds {str(settings)[:SHOWN]!r}; {allowed}")
    for name, values in settings.items():
        known = {"figures": FIGURES, "tasks": TASKS}.get(name)
        is_right = isinstance(values, list) and values and len(set(map(str, values))) == len(values)
        if known is not None:
            is_right = is_right and all(isinstance(value, str) and value in known for value in values)
        else:
            is_right = is_right and all(type(value) is int and 1 <= value <= MOST_CUT for value in values)
        if not is_right:
            raise ValueError(
                f"{path}: {name} is {str(values)[:SHOWN]!r}; {allowed}, each a list without repeats"
            )
    return settings


def read_csv_as_text(path: Path) -> pd.DataFrame:
    """A CSV as texts, spaces at both ends removed; a value left out is an empty text."""
    try:
        with warnings.catch_warnings():
            # lines longer than the first one would be cut
            warnings.simplefilter("error", pd.errors.ParserWarning)
            rows = pd.read_csv(
                path,
                dtype=str,
                keep_default_na=False,
                encoding="utf-8-sig",
                skipinitialspace=True,
                index_col=False,
            )
    except pd.errors.EmptyDataError:
        raise ValueError(f"{path} is empty; its first line names the columns, separated by commas") from None
    except (pd.errors.ParserError, pd.errors.ParserWarning, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no CSV in UTF-8 with commas: {str(error).strip()}") from None
    rows.columns = [str(name).strip() for name in rows.columns]
    if not len(rows):
        raise ValueError(f"{path} holds a line of column names and no row")
    return rows.apply(lambda column: column.fillna("").str.strip())


def check_columns(path: Path, rows: pd.DataFrame, required: tuple[str, ...]) -> None:
    missing = [name for name in required if name not in rows]
    if missing:
        raise ValueError(f"{path} has no column {', '.join(missing)}; it has {', '.join(rows.columns)[:200]}")


def check_ids(path: Path, rows: pd.DataFrame) -> None:
    """Refuse rows without a customer or an item: together they would be one customer, or one item."""
    for name in ("customer_id", "item_id"):
        refuse_wrong_rows(path, name, rows[name], rows[name] == "", "every row names one; leave guests out")


def parse_days(path: Path, texts: pd.Series) -> pd.Series:
    """Days since 1970-01-01 UTC of texts of times, fractions of a second in any number of digits."""
    is_number = texts.str.fullmatch(r"[+-]?\d+(\.\d*)?")
    is_day = texts.str.fullmatch(r"\d{8}")  # 20260131 is a date in ISO 8601
    refuse_wrong_rows(
        path,
        "occurred_at",
        texts,
        is_number & ~is_day,
        f"numbers are not read as times (seconds, days?); allowed is {TIMES}",
    )
    at = pd.to_datetime(texts, utc=True, format="ISO8601", errors="coerce")
    refuse_wrong_rows(path, "occurred_at", texts, at.isna(), f"allowed is {TIMES}")
    return ((at - pd.Timestamp(0, tz="UTC")) // pd.Timedelta(days=1)).astype(int)


def parse_kinds(path: Path, texts: pd.Series) -> pd.Series:
    """Positions in `KINDS`."""
    known = {name: n for n, name in enumerate(KINDS)}
    unknown = texts[~texts.isin(known)]
    words = ", ".join(f"{word[:SHOWN]!r} ({n:,})" for word, n in unknown.value_counts().head(5).items())
    refuse_wrong_rows(
        path, "interaction_type", texts, ~texts.isin(known), f"the words are {', '.join(KINDS)}", f": {words}"
    )
    return texts.map(known).astype(int)


def parse_prices(path: Path, texts: pd.Series) -> pd.Series:
    """Prices as numbers, nan where left out."""
    price = pd.to_numeric(texts.replace("", np.nan), errors="coerce")
    is_wrong = (texts != "") & ~((price >= 0) & np.isfinite(price))
    refuse_wrong_rows(
        path, "price", texts, is_wrong, "allowed is a number from 0 on with a point, such as 12.5, or nothing"
    )
    return price


def refuse_wrong_rows(
    path: Path, column: str, texts: pd.Series, is_wrong: pd.Series, allowed: str, example: str | None = None
) -> None:
    """Raise a ValueError that counts the rows that are wrong and names the first; nothing where none is."""
    n = int(is_wrong.sum())
    if n:
        first = texts[is_wrong].index[0]
        value = texts[first][:SHOWN]
        example = f", first in data row {first + 1:,}: {value!r}" if example is None else example
        what = "a blank" if value == "" else "an unreadable"
        raise ValueError(f"{path}: {n:,} of {len(texts):,} rows have {what} {column}{example}; {allowed}")
