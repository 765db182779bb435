"""Two hundred definitions asked of a shop's history by one query, beside a bare scan of the same events:

    python -m benchmarks.segment_scan [--customers 10000 100000] [--threads 2] [--memory 6GB] [--buckets 1]

Every customer has fifty events on average over a year, and a few very many. A size is one DuckDB file; each
question runs in a process of its own, so that peak memory is its own: a scan that adds up every column, a
group-by of customers, the members of all definitions at one moment, by as many queries as there are buckets
of customers, and the same by a query for each definition. The full size is 1,000,000 customers and 50,000,000
events (`--customers 1000000 --buckets 16`).
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from segments.calendar import SECOND, ShopCalendar
from segments.sql.empty_carts import derive_empty_carts
from segments.sql.members import MembersQuery, build_members_query
from segments.sql.relations import format_table, list_tables
from segments.tree.events import Duration, EventSet, Filter, Period, Within
from segments.tree.measures import (
    Aggregate,
    Arithmetic,
    Constant,
    Count,
    CountDistinct,
    Selection,
)
from segments.tree.rules import (
    Age,
    Anniversary,
    AnyValue,
    Compare,
    Group,
    RandomShare,
    Rule,
    Segment,
    Sequence,
    Step,
)

NOW = 1_760_000_000 * SECOND
EVENTS_EACH = 50
EVENTS = """
select 'c' || md5((customer)::varchar)[:16] as customer_id,
    make_timestamp($now - ($events - n) * (31536000000000 // $events)) as "at",
    'e' || n as event_id,
    case when kind < 70 then 'view' when kind < 78 then 'cart' when kind < 80 then 'uncart'
        when kind < 86 then 'purchase' when kind < 92 then 'search' when kind < 97 then 'page'
        when kind < 99 then 'click' else 'return' end as event_type,
    'item' || item as item_id, 'group ' || item % 12 || ' > part ' || item % 60 as category,
    'brand ' || item % 300 as brand, (1 + item % 9000 / 100)::decimal(18, 4) as price,
    (1 + h % 2)::decimal(18, 4) as quantity, (1 + item % 9000 / 100)::decimal(18, 4) * (1 + h % 2) as amount,
    case when kind >= 80 and kind < 86 or kind = 99 then 'o' || n end as order_id,
    's' || customer || '-' || n * 365 // $events as session_id,
    case when customer % 3 = 0 then 'desktop' else 'mobile' end as device,
    case when h % 20 = 0 then 'campaign ' || h % 7 end as campaign, 'DE' as country,
    make_timestamp($now - ($events - n) * (31536000000000 // $events))::date as "day",
    48 + h % 100 / 100 as latitude, 11 + h % 70 / 100 as longitude, (h % 1440)::integer as local_minute
from (
    select n, (hash(n, 'kind') % 100)::int as kind, hash(n, 'any') as h,
        (20000 * pow(hash(n, 'item') % 1000000 / 1000000, 2))::int as item,
        ($customers * pow(hash(n, 'customer') % 100000000 / 100000000, 1.5))::int as customer
    from range($events) events(n)
)
"""
BARE = """
select count(distinct event_type), max("at"), max(event_id), max(item_id), max(category), max(brand),
    sum(price), sum(quantity), sum(amount), max(order_id), max(session_id), max(device),
    max(campaign), max(customer_id)
from events
"""
GROUPED = "select count(*), max(n) from (select customer_id, count(*) as n from events group by customer_id)"
VIEW, CART, PURCHASE, RETURN, SEARCH = (
    EventSet((name,)) for name in ("view", "cart", "purchase", "return", "search")
)
DAYS = (1, 7, 14, 30, 60, 90, 180, 365)


def narrow(events: EventSet, n: int, *, is_filtered: bool = True) -> EventSet:
    """A set's n-th variant: one of twelve groups of categories, one of eight windows."""
    under = (Filter("category", "under", (f"group {n % 12}",)),) if is_filtered else ()
    return EventSet(events.types, under, Within(Duration(DAYS[n % len(DAYS)], "day")))


def make_rules(n: int) -> list[Rule]:
    """The n-th variant of twenty rules as marketers ask for them."""
    day = Duration(1, "day")
    month = EventSet(("purchase",), (), Period("month", n % 6 + 1))
    spent = Aggregate("sum", "amount", narrow(PURCHASE, n, is_filtered=False))
    hour = Duration(n + 1, "hour")
    seen_often = Compare(Count(VIEW), ">=", Constant(n % 3 + 2))
    not_bought = Compare(Count(PURCHASE), "=", Constant(0))
    bought_there = Compare(Count(narrow(PURCHASE, n)), ">=", Constant(1))
    return [
        Compare(Count(narrow(VIEW, n)), ">=", Constant(n % 5 + 1)),
        Compare(CountDistinct("item_id", narrow(VIEW, n)), ">=", Constant(3)),
        Compare(CountDistinct("brand", narrow(PURCHASE, n)), ">=", Constant(2)),
        Compare(spent, ">", Constant(50 * n)),
        Compare(Arithmetic("-", spent, Aggregate("sum", "amount", RETURN)), ">", Constant(100)),
        Compare(Aggregate("sum", "amount", month), ">=", Constant(20 * n)),
        Compare(Aggregate("average", "price", narrow(CART, n)), ">", Constant(30)),
        Age("last", PURCHASE, ">=", Duration(10 * (n + 1), "day")),
        Age("first", narrow(VIEW, n), "<", Duration(n + 1, "day")),
        Anniversary("first", PURCHASE, n + 1),
        Compare(
            Selection("most_frequent", "category", narrow(PURCHASE, n)), "=", Constant("group 1 > part 1")
        ),
        Compare(Selection("last", "device", narrow(VIEW, n)), "=", Constant("mobile")),
        Group("all", (bought_there, Group("not", (Compare(Count(narrow(VIEW, n)), ">", Constant(0)),)))),
        Sequence((Step(narrow(CART, n)), Step(PURCHASE, is_absent=True, within=day))),
        Sequence(
            (
                Step(VIEW),
                Step(CART, within=hour, same=("item_id",)),
                Step(PURCHASE, is_absent=True, within=day, same=("item_id",)),
            ),
            Within(Duration(DAYS[n % 4], "day")),
        ),
        Sequence((Step(SEARCH), Step(VIEW, is_absent=True, within=hour)), Within(Duration(30, "day"))),
        Sequence((Step(RETURN), Step(PURCHASE, within=hour, same=("category",), different=("item_id",)))),
        AnyValue("item_id", Group("all", (seen_often, not_bought))),
        AnyValue("brand", Group("all", (bought_there, seen_often))),
        RandomShare(0.1, f"seed {n}"),
    ]


def make_definitions(n: int) -> list[Segment]:
    """So many definitions."""
    rules = [rule for variant in range(-(-n // 20)) for rule in make_rules(variant)]
    return [Segment(f"s{number}", "-", "rule", "-", rule) for number, rule in enumerate(rules[:n])]


def make_shop(file: Path, n_customers: int) -> int:
    """A file with a shop's events and the moment it is asked at; how many events it has."""
    query = build_members_query(make_definitions(200))
    with duckdb.connect(str(file)) as database:
        for name, columns in list_tables(query.moments.list_columns(), {}):
            if name != "events":
                database.execute(format_table(name, columns))
        sizes = {"customers": n_customers, "events": n_customers * EVENTS_EACH, "now": NOW // 1}
        database.execute(f"create table sent as {EVENTS}", sizes)
        database.execute(f'create table events as {derive_empty_carts("sent")} order by "at"')
        database.execute("drop table sent")
        database.execute("insert into customers select distinct customer_id from events")
        rows = query.moments.build_rows(ShopCalendar("Europe/Berlin"), [NOW])
        database.execute(f"insert into moments values ({', '.join('?' * len(rows[0]))})", rows[0])
        return database.execute("select count(*) from events").fetchall()[0][0]


def answer_question(question: str, file: Path, args: argparse.Namespace) -> None:
    """Answer one question in this process, and print what it took."""
    config = {"threads": args.threads, "memory_limit": args.memory, "temp_directory": f"{file}.spill"}
    with duckdb.connect(str(file), read_only=True, config=config) as database:
        start, before = time.monotonic(), time.process_time()
        if question == "members":
            query = build_members_query(make_definitions(args.definitions))
            n_rows = sum(count_members(database, query, n, args.buckets) for n in range(args.buckets))
        elif question == "one by one":
            queries = [build_members_query([each]) for each in make_definitions(args.definitions)]
            n_rows = sum(count_members(database, query, 0, 1) for query in queries)
        else:
            (n_rows, *_), *_ = database.execute({"bare scan": BARE, "group-by": GROUPED}[question]).fetchall()
        took = {"seconds": time.monotonic() - start, "cpu": time.process_time() - before}
        print(json.dumps({**took, "peak": read_peak(), "rows": n_rows}))


def count_members(
    database: duckdb.DuckDBPyConnection, query: MembersQuery, bucket: int, n_buckets: int
) -> int:
    """The members among one bucket of customers, whose events are put aside once: the query reads events in
    some 150 places, and would look for the bucket's in each.
    """
    sources = {}
    if n_buckets > 1:
        for name in ("events", "customers"):
            database.execute(
                f"create or replace temp table {name}_of_bucket as select * from main.{name}"
                f" where hash(customer_id) % {n_buckets} = {bucket}"
            )
            sources[name] = f"{name}_of_bucket"
    counted = f"select count(*) from ({query.format(sources=sources)}) members"
    return database.execute(counted).fetchall()[0][0]


def read_peak() -> int:
    """The most memory that this process held, in bytes; `ru_maxrss` may be its parent's."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


def main() -> None:
    """Every size, every question, a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--definitions", type=int, default=200)
    parser.add_argument("--buckets", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory", default="6GB")
    parser.add_argument("--folder", type=Path, help="where files are made and kept")
    parser.add_argument("--ask", nargs=2, metavar=("QUESTION", "FILE"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.ask:
        return answer_question(args.ask[0], Path(args.ask[1]), args)
    with tempfile.TemporaryDirectory() as folder:
        for n_customers in args.customers:
            file = (args.folder or Path(folder)) / f"{n_customers}.duckdb"
            if not file.exists():
                print(f"{n_customers:,} customers, {make_shop(file, n_customers):,} events")
            for question in ("bare scan", "group-by", "members", "one by one"):
                command = [sys.executable, "-m", "benchmarks.segment_scan", "--ask", question, str(file)]
                command += ["--threads", str(args.threads), "--memory", args.memory]
                command += ["--definitions", str(args.definitions), "--buckets", str(args.buckets)]
                result = json.loads(subprocess.check_output(command))
                print(
                    f"  {question:10} {result['seconds']:8.2f} s {result['cpu']:8.2f} CPU s"
                    f" {result['peak'] / 2**20:8.0f} MiB  {result['rows']:,}"
                )


if __name__ == "__main__":
    main()
