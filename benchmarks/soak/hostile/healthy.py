"""A small healthy shop's files, and hostile records beside its own in them."""

import csv
import gzip
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from benchmarks.soak.hostile.trials import (
    Trial,
    compress_content,
    list_trials,
    write_csv_rows,
    write_json_lines,
)
from sample_shop.shop import Shop
from sample_shop.shop_calendar import OPENING_DAY, get_day_number
from spark_jobs.settings import Settings

OPENING = OPENING_DAY
RETAIL = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)
N_BUYERS, N_ITEMS = 60, 30


@dataclass(frozen=True)
class LandedTrial:
    """A trial and where it stands: the file's name under landing/, and its line."""

    trial: Trial
    file: str
    line: int


def write_shop_files(settings: Settings, source: str, first: date, last: date) -> None:
    """Let the shop write the files of these days."""
    landing = settings.landing / source
    if source == "sample_shop":
        truth, write_from = settings.paths.truth, get_day_number(first)
        shop = Shop(settings.shop_seed, settings.shop_customers, landing, truth, write_from)
        shop.trade_until(get_day_number(last))
        return
    for n in range((last - first).days + 1):
        write_retail_day(landing / "lines", first + timedelta(days=n))


def write_retail_day(folder: Path, day: date) -> None:
    """Twenty invoices of four lines: even customers buy even items, odd ones odd items."""
    draw, rows = random.Random(day.toordinal()), []
    for place, customer in enumerate(draw.sample(range(N_BUYERS), 20)):
        for item in draw.sample(range(customer % 2, N_ITEMS, 2), 4):
            invoice = 500_000 + 100 * (day - OPENING).days + place
            at = f"{day} {draw.randint(8, 17):02}:05:00"
            rows.append(
                (
                    invoice,
                    20_000 + item,
                    f"THING {item}",
                    1 + item % 3,
                    at,
                    1 + item / 4,
                    f"{12_000 + customer}.0",
                    "United Kingdom",
                )
            )
    path = folder / str(day) / f"{day}.csv"
    path.parent.mkdir(parents=True)
    with path.open("w", newline="") as out:
        csv.writer(out, lineterminator="\n").writerows([RETAIL, *rows])


def append_trials(landing: Path, feed: str, day: date) -> Iterator[LandedTrial]:
    """Write a feed's trials behind the healthy records of a day's file; made where there is none."""
    folder = landing / feed / str(day)
    folder.mkdir(parents=True, exist_ok=True)
    file = next(iter(sorted(folder.iterdir())), folder / "hostile.jsonl")
    packed = file.read_bytes() if file.exists() else b""
    content = gzip.decompress(packed) if file.suffix == ".gz" else packed
    some = list(list_trials(feed, day, read_item_ids(landing, feed)))
    line, added = content.count(b"\n") + 1, []
    for one in some:
        text = (
            write_csv_rows([one], read_csv_header(content))
            if file.suffix == ".csv"
            else write_json_lines([one])
        )
        yield LandedTrial(one, str(file.relative_to(landing)), line)
        line += count_line_ends(text)
        added.append(text)
    whole = content + b"".join(added)
    file.write_bytes(compress_content(whole) if file.suffix == ".gz" else whole)


def count_line_ends(text: bytes) -> int:
    """How many lines a record takes: a lone carriage return ends one too."""
    return text.count(b"\n") + text.count(b"\r") - text.count(b"\r\n")


def read_csv_header(content: bytes) -> list[str]:
    """The header of a CSV file."""
    return content.split(b"\n", 1)[0].decode().strip().split(",")


def read_item_ids(landing: Path, feed: str) -> list[str]:
    """Ids of items that the shop sells."""
    if feed.startswith("online_retail"):
        return [str(20_000 + n) for n in range(N_ITEMS)]
    catalogue = sorted((landing / "sample_shop" / "catalogue").glob("*/*.jsonl"))
    if not catalogue:
        return [str(20_000 + n) for n in range(N_ITEMS)]
    items = [json.loads(line) for line in catalogue[0].read_text().splitlines()[:50] if line.startswith("{")]
    return [each["item_id"] for each in items if isinstance(each.get("item_id"), str)]
