"""`python -m sample_shop`: let the shop trade from its opening on, and write the days asked for."""

import argparse
import json
import sys
import time
from datetime import date
from pathlib import Path

from sample_shop.shop import Shop
from sample_shop.shop_calendar import OPENING_DAY, calendar_date, get_day_number


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """The parsed command line; a range of days before the opening or turned round is an error."""
    parser = argparse.ArgumentParser(prog="python -m sample_shop", description=__doc__)
    parser.add_argument(
        "--landing", type=Path, required=True, help="folder that gets <entity>/<landing day>/<file>"
    )
    parser.add_argument("--truth", type=Path, required=True, help="folder for what only a judge may read")
    parser.add_argument("--customers", type=int, default=2000, help="people at the opening (default 2000)")
    parser.add_argument("--seed", type=int, default=7, help="same seed, same bytes (default 7)")
    parser.add_argument(
        "--from", dest="first", type=date.fromisoformat, default=OPENING_DAY, help="first day to write"
    )
    parser.add_argument(
        "--to", dest="last", type=date.fromisoformat, required=True, help="last day to write, included"
    )
    args = parser.parse_args(argv)
    if args.first < OPENING_DAY or args.last < args.first:
        parser.error(
            f"days must run forward from {OPENING_DAY}, the shop's first; got {args.first} to {args.last}"
        )
    if args.customers < 20 or args.seed < 0:
        parser.error("at least 20 customers, and a seed of at least 0")
    return args


def refuse_another_shop(truth: Path, customers: int, seed: int) -> None:
    """Raise an error where another shop trades: its next day would be one of people whom nobody knows.

    Raises:
        SystemExit: names what it was begun with.
    """
    file = truth / "shop.json"
    known = json.loads(file.read_text()) if file.exists() else {"customers": customers, "seed": seed}
    if (known["customers"], known["seed"]) != (customers, seed):
        raise SystemExit(
            f"sample shop: the one that trades here has {known['customers']} customers and seed"
            f" {known['seed']}, asked for are {customers} and {seed}: set CONCIERGE_SHOP_CUSTOMERS and"
            " CONCIERGE_SHOP_SEED as they were (in .env they stay), or CONCIERGE_HOME to a new folder"
        )


def main(argv: list[str] | None = None) -> None:
    """Write the days asked for, with progress on stderr."""
    args = parse_arguments(argv)
    refuse_another_shop(args.truth, args.customers, args.seed)
    first, last = get_day_number(args.first), get_day_number(args.last)
    started_at, shown_at = time.monotonic(), 0.0

    def show_progress(day: int) -> None:
        nonlocal shown_at
        now = time.monotonic()
        if day == last or now - shown_at > 1:
            shown_at = now
            done = f"{calendar_date(day)} · day {day + 1} of {last + 1} · {now - started_at:.0f} s"
            print(
                f"\rsample shop: {done}",
                end="\n" if day == last or not sys.stderr.isatty() else "",
                file=sys.stderr,
                flush=True,
            )

    shop = Shop(args.seed, args.customers, args.landing, args.truth, write_from=first)
    shop.trade_until(last, show_progress)


if __name__ == "__main__":
    main()
