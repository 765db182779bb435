"""What learning and scoring take as a shop grows: the sample shop at several sizes, its first night and its
next one.

    python -m benchmarks.learning_growth [--customers 10000 100000] [--days 45] [--seed 7] [--keep FOLDER]

The shop's files go into the three tables that `train` reads as they stand, a login (or a browser) a customer:
ingest, identity and dbt have benchmarks of their own. The first night searches, the next one refits what was
found. Printed are seconds of each step with the JVM's start, the most memory it held at once with all it
started, and between two sizes the power by which seconds grow (1: in proportion). With `--keep`, shops that
stand in the folder already are not simulated again.
"""

import argparse
import itertools
import math
import tempfile
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pandas as pd

from benchmarks.online_retail_nights import PeakMemory
from benchmarks.online_retail_quality import run_step, write_rows
from expectations.contracts.home import HomePaths
from expectations.contracts.identifiers import derive_customer_id
from expectations.contracts.lake import FCT_INTERACTIONS, FEAT_CUSTOMERS, FEAT_ITEMS
from sample_shop.__main__ import main as trade
from sample_shop.shop_calendar import OPENING_DAY
from spark_jobs.lake.tables import Lake

STEPS = ("train", "score")
# What planted defects spoil (an unreadable line, a time that is none, an item of no catalogue) is passed over
# here.
BEHAVIOUR = """
with events as (
    select distinct on (messageId) messageId as interaction_id, coalesce(userId, anonymousId) as customer,
        properties.product_id as item_id, case event when 'Product Viewed' then 'view' else 'cart'
        end as interaction_type,
        try_cast("timestamp" as timestamp) as occurred_at, null as order_id,
        context.location.country as country
    from read_json($events, format = 'newline_delimited', ignore_errors = true, columns = {
        messageId: 'VARCHAR', userId: 'VARCHAR', anonymousId: 'VARCHAR', event: 'VARCHAR',
        "timestamp": 'VARCHAR',
        properties: 'STRUCT(product_id VARCHAR)', context: 'STRUCT(location STRUCT(country VARCHAR))'})
    where event in ('Product Viewed', 'Product Added')
),
lines as (
    select distinct on (order_id, line_no) order_id || '/' || line_no, user_id, item_id, 'purchase',
        try_cast(ordered_at as timestamp), order_id, country
    from read_csv($orders, all_varchar = true, ignore_errors = true)
    where kind = 'sale' and user_id is not null
)
select * from (select * from events union all select * from lines)
where interaction_id is not null and customer is not null and occurred_at < $until
and item_id in (select item_id from catalogue)
order by interaction_id
"""
CATALOGUE = """
create or replace table catalogue as
select item_id, last(title order by day) as title, last(category_path[-1] order by day) as category,
    last(category_path order by day) as category_path, last(brand order by day) as brand,
    last(price order by day) as price,
    last(status order by day) = 'active' as is_recommendable, last(stock order by day) > 0 as is_in_stock,
    last(is_consumable order by day) as is_consumable, min(day)::timestamp as first_seen_at
from (
    select *, regexp_extract(filename, '([0-9-]{10})/[^/]*$', 1)::date as day
    from read_json($catalogue, format = 'newline_delimited', filename = true, ignore_errors = true,
    columns = {
        item_id: 'VARCHAR', title: 'VARCHAR', category_path: 'VARCHAR[]', brand: 'VARCHAR',
        price: 'DOUBLE', status: 'VARCHAR',
        stock: 'BIGINT', is_consumable: 'BOOLEAN'})
    where item_id is not null and title is not null and is_consumable is not null and price > 0
)
group by item_id
"""


def fill_lake(landing: Path, until: date, home: Path) -> dict[str, int]:
    """The three tables that training reads, of the landing days before `until`; how many rows each has."""
    days = sorted(path.name for path in (landing / "events").iterdir() if path.name < until.isoformat())
    files = {
        feed: [str(path) for day in days for path in sorted((landing / feed / day).glob("*"))]
        for feed in ("events", "orders", "catalogue")
    }
    with duckdb.connect(config={"threads": 2}) as db:
        db.execute(CATALOGUE, {"catalogue": files.pop("catalogue")})
        items = db.sql("select * from catalogue order by item_id").df()
        rows = db.execute(BEHAVIOUR, {**files, "until": until.isoformat()}).df()
    rows["occurred_at"] = rows["occurred_at"].dt.tz_localize("UTC")
    items["first_seen_at"] = items["first_seen_at"].dt.tz_localize("UTC")
    rows["customer_id"] = rows["customer"].map(
        {name: derive_customer_id(name) for name in rows["customer"].unique()}
    )
    bought = rows[rows["interaction_type"] == "purchase"].groupby("customer_id")
    customers = rows.groupby("customer_id")["country"].first().to_frame()
    customers["n_orders"] = bought["order_id"].nunique().reindex(customers.index).fillna(0).astype(int)
    customers["last_order_at"] = bought["occurred_at"].max().reindex(customers.index)
    lake = Lake(HomePaths(home).lake)
    write_rows(lake, FCT_INTERACTIONS, rows.drop(columns=["customer", "country"]).assign(quantity=1))
    write_rows(lake, FEAT_CUSTOMERS, customers.reset_index())
    write_rows(
        lake,
        FEAT_ITEMS,
        items.assign(price_band=pd.qcut(items["price"], 3, labels=["low", "middle", "high"]).astype(str)),
    )
    return {"customers": len(customers), "interactions": len(rows), "items": len(items)}


def measure_nights(
    customers: int, days: int, seed: int, shop: Path, home: Path
) -> dict[str, tuple[float, float]]:
    """A first night and the next one: by step, seconds and gigabytes."""
    last = OPENING_DAY + timedelta(days=days - 1)
    if not (shop / "landing").is_dir():
        trade(
            [
                "--landing",
                str(shop / "landing"),
                "--truth",
                str(shop / "truth"),
                "--customers",
                str(customers),
                "--seed",
                str(seed),
                "--to",
                last.isoformat(),
            ]
        )
    costs = {}
    for kind, night in (("first", last - timedelta(days=1)), ("next", last)):
        sizes = fill_lake(shop / "landing", night + timedelta(days=1), home)
        print(
            f"{customers:,} customers, night over {night}: "
            + ", ".join(f"{n:,} {name}" for name, n in sizes.items()),
            flush=True,
        )
        for name in STEPS:
            with PeakMemory() as memory:
                seconds = run_step(name, home, night.isoformat(), f"night-{night}")
            costs[f"{kind} {name}"] = seconds, memory.bytes / 1e9
            print("  {}: {:.0f} s, {:.1f} GB".format(f"{kind} {name}", *costs[f"{kind} {name}"]), flush=True)
    return costs


def main() -> None:
    """Print every size, and what grows how."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--customers", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--days", type=int, default=45)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--keep", type=Path, default=None, help="a folder for the shops; a temporary one when left out"
    )
    args, measured = parser.parse_args(), {}
    with tempfile.TemporaryDirectory() as temporary:
        for customers in args.customers:
            shop, home = (
                (args.keep or Path(temporary)) / str(customers),
                Path(temporary) / f"home-{customers}",
            )
            measured[customers] = measure_nights(customers, args.days, args.seed, shop, home)
    for (small, few), (large, many) in itertools.pairwise(measured.items()):
        print(f"{small:,} to {large:,} customers, seconds and their power:")
        for name, (seconds, _) in few.items():
            power = math.log(many[name][0] / seconds) / math.log(large / small)
            print(f"  {name:<12} {seconds:6.0f} {many[name][0]:6.0f}   {power:.2f}")


if __name__ == "__main__":
    main()
