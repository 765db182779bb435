"""Incremental equals full: thirty nights of one day each, with rows that come up to fifteen nights late.

    python -m benchmarks.late_nights [--nights 30] [--every 10] [--people 400] [--visits 120] [--seed 7]

The shop of the warehouse's tests, larger: every fourth row is late, rows are corrected and taken away,
browsers turn out to be people's, consents are given and taken back, lists and predictions change, a first
orders feed comes. The home has the golden definitions beside the shipped ones, and the shipped traits; those
that have every day asked, which would hide a day that is missed, with `--any-day` alone. After every tenth
night the same lake is built from nothing, and every model compared row by row. Ends with 1 on a difference.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from unittest.mock import patch

import duckdb

from expectations.contracts.home import HomePaths
from spark_jobs.lake.tables import Lake
from spark_jobs.warehouse import dbt
from tests.dbt_project.behaviour import LISTS, OF_ANY_DAY, copy_golden, hash_user, write_item_lists, write_vip
from tests.dbt_project.conftest import WITHOUT_TESTS, Home
from tests.dbt_project.happenings import happenings
from tests.dbt_project.predicted import predict
from tests.dbt_project.rows import FIRST, consent
from tests.dbt_project.shop import Shop
from tests.dbt_project.test_incremental import differing

KINDS = {
    "traits": "dim_customer_traits",
    "profiles": "dim_customers",
    "memberships": "fct_customer_segments",
    "transitions": "fct_segment_changes",
}
PURPOSES = ("analytics", "personalization", "marketing")
N_WARM_UP = 8  # days in the first night, after which there are events to be late with


def change_something(shop: Shop, paths: HomePaths, n: int, draw: random.Random) -> None:
    """What a night brings beside the day's trade: corrections, rows that go, words, merges, other lists."""
    for name in draw.sample(sorted(shop.events), min(len(shop.events), 6)):
        if draw.random() < 0.5:
            del shop.events[name]
        else:
            shop.events[name] = shop.events[name] | {"item_id": shop.item()}
    for key in draw.sample(sorted(shop.lines), min(len(shop.lines), 2)):
        shop.lines[key] = shop.lines[key] | {"item_id": shop.item()}
    for _ in range(3):
        who, at = draw.randint(1, shop.n_people), max(0, n - draw.choice((0, 0, 1, 9)))
        identifier = draw.choice((f"i_u{who}", f"i_a{who}"))
        if identifier in shop.owner:
            shop.consents.append(consent(identifier, at, draw.choice(PURPOSES), draw.random() < 0.5))
    shop.consents = list(
        {(c["identifier_id"], c["purpose"], c["consented_at"]): c for c in shop.consents}.values()
    )
    who = draw.randint(1, shop.n_people)
    shop.merge(f"i_a{who}", f"i_u{who}")
    vips = draw.sample(range(1, 40), 20)
    write_vip(paths, [f"vip{number}" for number in vips])
    write_item_lists(paths, draw.sample(sorted(set().union(*LISTS.values())), 2))


def run_nights(home: Home, shop: Shop, args: argparse.Namespace) -> dict[str, dict[str, int]]:
    """Nights one after the other; what differs, by night at which it was compared."""
    paths, draw, found = HomePaths(home.root), random.Random(args.seed), {}
    copy_golden(paths, () if args.any_day else OF_ANY_DAY)
    shop.owner |= {hash_user(paths, f"vip{number}"): f"c_i_u{number}" for number in range(1, 40)}
    for n in range(args.nights + N_WARM_UP - 1):
        happenings(shop, n)
        shop.trade(n)
        night = n - N_WARM_UP + 1
        if night < 0:
            continue
        change_something(shop, paths, n, draw)
        shop.write(home.lake)
        predict(home.lake, shop, night // 10)
        last, began = FIRST + timedelta(days=n), time.perf_counter()
        file = home.build(f"night{night}", last, *WITHOUT_TESTS)
        print(f"night {night + 1:>2} of {last}: {time.perf_counter() - began:5.1f} s", flush=True)
        if (night + 1) % args.every == 0 or night == args.nights - 1:
            found[f"night {night + 1}"] = compare_with_full(home, file, f"anew{night}", last)
        home.publish(f"night{night}", file)
    return found


def compare_with_full(home: Home, file: Path, run_id: str, last: date) -> dict[str, int]:
    """The rows that only one of the night's warehouse and one from nothing has, by model; tells how many were
    compared.
    """
    HomePaths(home.root).published.unlink(missing_ok=True)
    anew = home.build(run_id, last, *WITHOUT_TESTS)
    found, n_models = differing(file, anew)
    with duckdb.connect(str(anew), read_only=True) as warehouse:
        for kind, table in KINDS.items():
            (n_rows,) = warehouse.execute(f"select count(*) from {table}").fetchone()
            print(f"    {kind:<12} {n_rows:>8,} rows, {found.get(table, 0)} differ")
    print(f"    {n_models} models compared; differ: {found or 'none'}", flush=True)
    anew.unlink()
    return found


def main() -> int:
    """Run the nights in a folder that is deleted afterwards."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name, default in (("nights", 30), ("every", 10), ("people", 400), ("visits", 120), ("seed", 7)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--any-day", action="store_true", help="all forty, so that every day is asked")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="late-nights-") as folder:
        root = Path(folder)
        ignored = shutil.ignore_patterns("target", "generated", "logs")
        shutil.copytree(dbt.PROJECT, root / "dbt_project", ignore=ignored)
        home = Home(root / "home", Lake(root / "home" / "lake"))
        shop = Shop(args.seed, n_people=args.people, most_visits=args.visits, share_late=0.25, most_late=15)
        with patch.object(dbt, "PROJECT", root / "dbt_project"):
            found = run_nights(home, shop, args)
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
