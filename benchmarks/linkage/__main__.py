"""The whole protocol over the historical figures: 5 splits of the people, thresholds on one half, figures on
the other.

    python -m benchmarks.linkage ../shared/data/identity/historical_figures_50k.parquet [--splits 5]
    [--shuffle 1]

Rows are shuffled and renumbered first. Linking runs once, over all records (it sees no label); a split
decides on which people thresholds are chosen and on which they are judged. Precision counts wrong pairs with
the other half's people too.

    python -m benchmarks.linkage --shop-customers 20000 --seed 303 [--shop-days 45]

The same code, not tuned to it, over the sample shop's customer file as it is on its last day: cards typed
twice, with slips, families under one name and address, placeholders where a contact is missing. No label is
used, and no threshold is chosen: it is linked as a home's first night does, under the model that ships, which
knows another shop's weights and none of this one's.
"""

import argparse
import tempfile

import duckdb

from benchmarks.linkage.figures_protocol import load_figures, measure_figures
from benchmarks.linkage.sample_shop import load_customer_file, measure_shop


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("path", nargs="?", help="the historical figures")
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--shuffle", type=int, default=1)
    parser.add_argument("--no-labels", action="store_true")
    parser.add_argument(
        "--shop-customers", type=int, help="instead: the customer file of a sample shop of this size"
    )
    parser.add_argument("--shop-days", type=int, default=45)
    parser.add_argument("--seed", type=int, default=303, help="of the shop")
    options = parser.parse_args()
    if (options.path is None) == (options.shop_customers is None):
        parser.error("either the path of the historical figures or --shop-customers")
    con = duckdb.connect(f"{tempfile.mkdtemp()}/link.db", config={"threads": 1, "memory_limit": "1200MB"})
    if options.shop_customers:
        person = load_customer_file(
            con, options.shop_customers, options.seed, options.shop_days, options.shuffle
        )
        measure_shop(con, person)
    else:
        load_figures(con, options.path, options.shuffle)
        measure_figures(con, options)


if __name__ == "__main__":
    main()
