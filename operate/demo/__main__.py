"""`make demo`: last night's home, the service, a storefront and the console at once, until Ctrl-C;
`SHOPPERS=50` lets simulated shoppers in.

It makes the sample shop's nights first where none is published. A home that is open to this machine stays so:
its pages use no key. In a home with keys they use a browser's key, which ends with the demo, or after a day.
"""

import argparse
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console

from expectations.contracts.published import Published
from operate.demo.customers import list_demo_customers
from operate.live.screen import describe_seconds
from operate.live.shoppers import Crowd, Traffic
from operate.live.users import find_user_ids
from operate.ports import refuse_taken_port
from operate.processes import end_by_interrupt, end_process_tree
from operate.settings import load_settings_or_exit
from operate.visitors import ROOT, RunningService, wait_until_ready
from serving_app.demo.shop_file import DemoFile, write_demo_file
from serving_app.keys.changes import NewKey, add_key, revoke_key
from serving_app.keys.store import FileKeys
from serving_app.settings import Settings as ServiceSettings
from spark_jobs.lake.tables import Lake
from spark_jobs.settings import Settings

KEY_LIFE = timedelta(days=1)  # of a key whose demo was killed
LOOK_EVERY_SECONDS, LINE_EVERY_SECONDS = 0.5, 5.0


@contextmanager
def lend_key(store: FileKeys, new: NewKey) -> Iterator[str]:
    """A key that is revoked on the way out."""
    made = []

    def edit(keys):
        keys, text = add_key(keys, new, datetime.now(UTC))
        made.append((keys[-1].key_id, text))
        return keys

    store.change(edit)
    key_id, text = made[-1]
    try:
        yield text
    finally:
        store.change(lambda keys: revoke_key(keys, key_id, datetime.now(UTC)))


def build_environment(service: ServiceSettings, *, is_open: bool) -> dict[str, str]:
    """The service's environment: its own, with the demo. Of an open home no operator's token is handed on:
    it would want keys of everybody.
    """
    return {
        **os.environ,
        "CONCIERGE_DEMO": "on",
        "CONCIERGE_DRAIN_SECONDS": "0",
        "CONCIERGE_USER_TOKEN_SECRETS": ",".join(service.user_token_secrets) or secrets.token_hex(32),
        **({"CONCIERGE_ADMIN_TOKEN": ""} if is_open else {}),
    }


@contextmanager
def run_demo_service(url: str, env: dict[str, str], log: Path) -> Iterator[subprocess.Popen]:
    """A really started server, once it says that it is ready; stopped on the way out."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a") as out:  # what the last one said stays
        server = subprocess.Popen(
            [sys.executable, "-m", "serving_app"],
            cwd=ROOT,
            env=env,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C is ours to hand on
        )
        try:
            wait_until_ready(url, server, log)
            yield server
        finally:
            end_process_tree(server)


def make_first_nights(console: Console) -> None:
    """Let the sample shop trade, as `make run` does.

    Raises:
        SystemExit: it did not come to a published night.
    """
    console.print("No night is published in this home yet: the sample shop trades first, as by `make run`.")
    status = subprocess.run([sys.executable, "-m", "operate.first_nights"], cwd=ROOT, check=False).returncode
    if status:
        raise SystemExit(status)


def watch(console: Console, server: subprocess.Popen, traffic: Traffic | None, log: Path) -> None:
    """Say now and then what the shoppers did, until somebody ends it.

    Raises:
        SystemExit: the service has ended; names its log.
    """
    next_line = time.monotonic() + LINE_EVERY_SECONDS
    while server.poll() is None:
        if traffic and time.monotonic() >= next_line:
            console.print(describe_traffic(traffic))
            next_line = time.monotonic() + LINE_EVERY_SECONDS
        time.sleep(LOOK_EVERY_SECONDS)
    raise SystemExit(f"the service has ended; its log: {log}")


def describe_traffic(traffic: Traffic) -> str:
    """What the shoppers did, in a line."""
    return (
        f"{traffic.n_events['accepted']:,} events, {traffic.n_visits:,} visits ended; a list takes"
        f" {describe_seconds(traffic.seconds)}"
    )


def run_demo(console: Console, settings: Settings, service: ServiceSettings, n_shoppers: int) -> None:
    """Run everything until it is interrupted."""
    store, url = FileKeys(settings.home), f"http://127.0.0.1:{service.port}"
    is_open, end = store.is_open(), datetime.now(UTC) + KEY_LIFE
    with ExitStack() as stack:
        page_key, token = "", ""
        if not is_open:
            origins = (url, f"http://localhost:{service.port}")
            page = NewKey("demo pages", ("read", "events"), "browser", origins=origins, expires_at=end)
            page_key = stack.enter_context(lend_key(store, page))
        if not is_open and n_shoppers:
            shoppers = NewKey("demo shoppers", ("read", "events"), expires_at=end)
            token = stack.enter_context(lend_key(store, shoppers))
        file = settings.paths.demo
        customers = list_demo_customers(Lake(settings.lake))
        write_demo_file(file, DemoFile(tuple(customers), page_key))
        stack.callback(file.unlink, missing_ok=True)
        log = settings.paths.log("service")
        server = stack.enter_context(run_demo_service(url, build_environment(service, is_open=is_open), log))
        console.print(f"\n  The storefront   {url}/demo/\n  The console      {url}/console/\n")
        console.print(
            "This machine may open both."
            if is_open
            else "The console asks for a key of this home (make key)."
        )
        console.print("Ctrl-C ends it.", *([f"{n_shoppers:,} shoppers come in."] if n_shoppers else []))
        crowd = None
        if n_shoppers:
            # other ids than those of the last demo, whose events would be repetitions
            seed = secrets.randbits(32)
            crowd = Crowd(RunningService(url, token), n_shoppers, find_user_ids(settings), seed)
            stack.callback(crowd.send_home)
        watch(console, server, crowd.traffic if crowd else None, log)


def parse_arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--shoppers", type=int, default=0, help="simulated, at once (default: none)")
    args = parser.parse_args(argv)
    if not 0 <= args.shoppers <= 1_000:
        parser.error(f"SHOPPERS is {args.shoppers}; it must be from 0 to 1,000")
    return args


def main() -> None:
    args, settings = parse_arguments(sys.argv[1:]), load_settings_or_exit()
    service = ServiceSettings.from_environment()
    console = Console(highlight=False, soft_wrap=True)
    refuse_taken_port(service.port, "CONCIERGE_HTTP_PORT")
    end_by_interrupt()
    try:
        if Published.read(settings.home) is None:
            make_first_nights(console)
        run_demo(console, settings, service, args.shoppers)
    except KeyboardInterrupt:
        console.print("Everything has ended.")


if __name__ == "__main__":
    main()
