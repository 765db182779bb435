"""What the service answers from two homes, each asked through the code that made it.

The service runs as a program of the given checkout on a copy of those parts of the home that it reads, so its
log of decisions and its overrides leave the home as it was.
"""

import http.client
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlencode

import duckdb
from deltalake import DeltaTable

from benchmarks.compare_homes.exceptions import ANSWERS
from benchmarks.compare_homes.rows import Comparison, compare_tables, tabulate_json
from expectations.contracts.home import HomePaths
from operate.visitors import find_free_port

# What the service does not read, and its own copies of snapshots (`verified`), which it makes anew.
UNREAD = ("airflow", "lake", "landing", "logs", "mlflow", "reports", "truth", "warehouse", "verified")
N_CUSTOMERS, N_ITEMS, N_LINKS, N_WITH_OVERRIDES = 300, 50, 50, 30
READY_SECONDS = 60
Request = tuple[str, str, dict | None]  # method, path with its query, body


def list_requests(home: Path, seed: int) -> list[Request]:
    """What is asked of both homes: lists and pages of sampled customers by each kind of id, similar items,
    popular lists, explanations of links, unknown ids, refused requests, and at the end lists with overrides.
    """
    customers = sample_rows(home, "select distinct customer_id from core_identities", N_CUSTOMERS, seed)
    users = sample_rows(home, "select value from core_identifiers where kind = 'user_id'", N_ITEMS, seed)
    browsers = sample_rows(
        home, "select value from core_identifiers where kind = 'anonymous_id'", N_ITEMS, seed
    )
    items = sample_rows(home, "select item_id from core_items", N_ITEMS, seed)
    links = sample_rows(
        home, "select identifier_id_a || ' ' || identifier_id_b from core_identity_links", N_LINKS, seed
    )
    unknown = ["c_0", "user-that-never-was", "ünbekannt", "", "x" * 600]
    gets = [
        *(list_path(customer_id=each, n=100) for each in [*customers, *unknown]),
        *(list_path(user_id=each, n=20) for each in [*users, *unknown]),
        *(list_path(anonymous_id=each, n=20) for each in [*browsers, *unknown]),
        *(f"/v1/customers/{quote(each, safe='')}" for each in [*customers, *unknown[:-1]]),
        *(f"/v1/items/{quote(each, safe='')}/similar?n=50" for each in [*items, "no-such-item"]),
        *(f"/v1/items/similar?{urlencode({'item_id': each})}" for each in items[:5]),
        *("/v1/popular", "/v1/popular?n=100", "/v1/popular?n=0", "/v1/popular?colour=red"),
        *(list_path(n=100), list_path(customer_id="a", user_id="b"), "/v1/nothing", "/v1/overrides"),
        *("/v1/identity/reviews", "/v1/identity/decisions", "/readyz", "/healthz", "/openapi.json"),
        *("/v1/identity/explain?" + urlencode(dict(zip("ab", pair.split(), strict=True))) for pair in links),
        "/v1/identity/explain?a=user_id:nobody&b=email:nobody@shop.example",
    ]
    until = "2099-01-01T00:00:00Z"
    overrides = [
        {"kind": "block", "item_id": items[0], "until": until},
        {"kind": "pin", "item_id": items[1], "position": 2, "until": until},
        {"kind": "boost", "item_id": items[2], "factor": 3, "until": until},
        {"kind": "pin", "item_id": items[3], "until": until, "customer_id": customers[0]},
        {"kind": "colour", "item_id": items[3]},
    ]
    again = [list_path(customer_id=each, n=100) for each in customers[:N_WITH_OVERRIDES]]
    return [
        *(("GET", path, None) for path in gets),
        *(("POST", "/v1/overrides", body) for body in overrides),
        *(("GET", path, None) for path in [*again, "/v1/popular?n=100", "/v1/overrides"]),
    ]


def list_path(**query: object) -> str:
    """The address of a list of recommendations."""
    return f"/v1/recommendations?{urlencode(query)}"


def sample_rows(home: Path, query: str, count: int, seed: int) -> list[str]:
    """At most `count` values of a query over one lake table, equal for an equal seed."""
    table = query.split(" from ")[1].split()[0]
    with duckdb.connect() as db:
        db.register(table, DeltaTable(str(HomePaths(home).lake / table)).to_pyarrow_table())
        values = sorted(value for (value,) in db.execute(query).fetchall())
    return random.Random(seed).sample(values, min(count, len(values)))


@contextmanager
def serve_home(home: Path, code: Path, sources: str) -> Iterator[http.client.HTTPConnection]:
    """A connection to the service of the checkout `code` on a copy of the home, stopped on the way out.

    Raises:
        RuntimeError: it was not ready in time, or ended; the message ends with the end of its log.
    """
    port = find_free_port()
    with tempfile.TemporaryDirectory() as folder:
        copy, log = Path(folder) / "home", Path(folder) / "log"
        shutil.copytree(home, copy, ignore=shutil.ignore_patterns(*UNREAD))
        env = {name: value for name, value in os.environ.items() if not name.startswith("CONCIERGE_")}
        env |= {"CONCIERGE_HOME": str(copy), "CONCIERGE_SOURCES": sources, "CONCIERGE_HTTP_PORT": str(port)}
        env |= {"CONCIERGE_HTTP_WORKERS": "1", "PYTHONPATH": str(code)}
        with log.open("w") as out:
            server = subprocess.Popen(
                [sys.executable, "-m", "serving_app"], cwd=code, env=env, stdout=out, stderr=subprocess.STDOUT
            )
        try:
            until = time.monotonic() + READY_SECONDS
            while not is_ready(port):
                if server.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"the service of {code} is not ready: {log.read_text()[-2000:]}")
                time.sleep(0.1)
            yield http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        finally:
            server.terminate()
            server.wait(timeout=30)


def is_ready(port: int) -> bool:
    """Whether a service on this port has something to serve."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def collect_answers(
    connection: http.client.HTTPConnection, requests: list[Request]
) -> list[tuple[str, dict]]:
    """Every request by number, method and path, with the answer's fields and its status (`http_status`)."""
    answers = []
    for number, (method, path, body) in enumerate(requests):
        text = json.dumps(body) if body else None
        connection.request(method, path, text, {"Content-Type": "application/json"} if body else {})
        answer = connection.getresponse()
        fields = json.loads(answer.read())
        answers.append((f"{number:04d} {method} {path}", {**fields, "http_status": answer.status}))
    return number_overrides(answers)


def number_overrides(answers: list[tuple[str, dict]]) -> list[tuple[str, dict]]:
    """The answers with the random id of each override that they made replaced by its number."""
    override_ids = [
        fields["override_id"] for name, fields in answers if " POST " in name and "override_id" in fields
    ]
    text = json.dumps(answers)
    for number, override_id in enumerate(override_ids, 1):
        text = text.replace(override_id, f"override {number}")
    return [(name, fields) for name, fields in json.loads(text)]


def compare_answers(
    homes: tuple[Path, Path], codes: tuple[Path, Path], sources: str, seed: int
) -> Iterator[Comparison]:
    """The answers to the same requests from two homes, by the first part of the path; a row is a field."""
    requests = list_requests(homes[0], seed)
    sides = []
    for home, code in zip(homes, codes, strict=True):
        with serve_home(home, code, sources) as connection:
            sides.append(collect_answers(connection, requests))
    groups = {}
    for number, (method, path, _) in enumerate(requests):
        name = f"{method} {'/'.join(path.partition('?')[0].split('/')[:3])}"
        groups.setdefault(name, []).append(number)
    for name, numbers in sorted(groups.items()):
        tables = [tabulate_json((side[number] for number in numbers), ANSWERS) for side in sides]
        yield compare_tables(f"{len(numbers)} answers to {name}", *tables)
