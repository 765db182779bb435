"""What an answer costs the processor, without a server and clients around it, and which function takes how
much: `python -m benchmarks.serving.cost --profile`.

One process, one thread, the shop of `make bench NAME=serving`; the time is the processor's own, which other
processes disturb less than a rate. Beside it Flask's hello-world, called in the same way.
"""

import argparse
import cProfile
import io
import os
import pstats
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.serving.reference_apps import make_hello
from benchmarks.serving.shop import IDENTITY_KEY, make_home, make_shop_requests

QUERY = "customer_id=c_%d&n=10&filter=price%%20%%3C%%20100"
CHUNK = 500
SHOWN_FUNCTIONS = 70


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=50_000)
    parser.add_argument("--chunks", type=int, default=20, help=f"of {CHUNK} answers; their median is printed")
    parser.add_argument("--profile", action="store_true", help="print which function takes how much")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory(dir="/dev/shm") as counts:
        # read when the library is imported: the counts lie in mapped files, as in a server's workers
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = counts
        app, log = make_service(Path(folder) / "home", args.customers)
        draw = random.Random(3)
        queries = [QUERY % draw.randrange(args.customers) for _ in range(CHUNK)]
        lists = [make_environ("/v1/recommendations", query) for query in queries]
        hellos = [make_environ("/", "")] * CHUNK
        hello = make_hello()
        measured = {"hello": (hello, hellos), "list": (app, lists)}
        seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in measured}
        for _ in range(args.chunks + 2):
            for name, (wsgi_app, environs) in measured.items():
                seconds[name].append(measure(wsgi_app, environs))
        for name, chunks in seconds.items():
            own, of_process = (statistics.median(each) * 1e6 for each in zip(*chunks[2:], strict=True))
            fastest = min(chunk[0] for chunk in chunks) * 1e6  # what least else ran beside
            print(
                f"{name}: {own:.0f} µs of the thread, {of_process:.0f} µs of the process;"
                f" {fastest:.0f} µs of the thread in the fastest chunk"
            )
        if args.profile:
            print_profile(app, lists)
        log.close()


def make_service(home: Path, n_customers: int) -> tuple[Any, Any]:
    """The service over the shop's home with overrides and live states, and its access log."""
    from serving_app.app import create_app, get_utc_now
    from serving_app.http.access_log import AccessLog
    from serving_app.settings import Settings
    from serving_app.stores import LOOK_EVERY_SECONDS, open_stores

    make_home(home, n_customers)
    settings = Settings.from_environment(
        {
            "CONCIERGE_HOME": str(home),
            "CONCIERGE_IDENTITY_KEY": IDENTITY_KEY,
            "CONCIERGE_IMPRESSION_SYNC": "interval",
        }
    )
    log = AccessLog(os.open(os.devnull, os.O_WRONLY))
    stores = open_stores(settings, get_utc_now, LOOK_EVERY_SECONDS)
    app = create_app(settings, stores, access_log=log)
    client = app.test_client()
    for path, body in make_shop_requests():
        answer = client.post(path, json=body)
        if answer.status_code >= 300:
            raise SystemExit(f"POST {path}: {answer.status} {answer.text}")
    return app, log


def make_environ(path: str, query: str) -> dict[str, Any]:
    """What granian hands over for a request of wrk's."""
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8080",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1:8080",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }


def measure(wsgi_app: Callable, environs: Iterable[Mapping[str, Any]]) -> tuple[float, float]:
    """Seconds of the processor for one answer: of this thread, and of the process with all its threads."""
    environs = [dict(environ) for environ in environs]
    own, of_process = time.thread_time(), time.process_time()
    for environ in environs:
        answer_request(wsgi_app, environ)
    n = len(environs)
    return (time.thread_time() - own) / n, (time.process_time() - of_process) / n


def answer_request(wsgi_app: Callable, environ: dict[str, Any]) -> None:
    """Take an answer as a server does."""
    answer = wsgi_app(environ, check_status)
    b"".join(answer)
    if close := getattr(answer, "close", None):
        close()


def check_status(status: str, headers: list, exc_info: object = None) -> None:
    """What a server offers as `start_response`: only that the answer is a good one is looked at."""
    if not status.startswith("200"):
        raise SystemExit(f"the service answered {status}")


def print_profile(wsgi_app: Callable, environs: Iterable[Mapping[str, Any]]) -> None:
    """Print the functions that take most by themselves. The profiler's own time weighs on small ones."""
    environs = [dict(environ) for environ in environs] * 4
    profile = cProfile.Profile()
    profile.enable()
    for environ in environs:
        answer_request(wsgi_app, dict(environ))
    profile.disable()
    for order in ("tottime", "cumtime"):
        pstats.Stats(profile).sort_stats(order).print_stats(SHOWN_FUNCTIONS)


if __name__ == "__main__":
    main()
