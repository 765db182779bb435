"""What the service is compared with: Flask that says hello, and Flask that reads one list of an LMDB file and
answers with its bytes.
"""

import os
import random

import lmdb
from flask import Flask, Response

from expectations.contracts import snapshot


def make_hello() -> Flask:
    """Flask's hello-world."""
    app = Flask(__name__, static_folder=None)

    @app.get("/")
    def hello() -> str:
        return "Hello, World!"

    return app


def make_bare_read() -> Flask:
    """One read of a customer's list through Flask: packed, as it lies in the snapshot `BENCH_SNAPSHOT`."""
    app = Flask(__name__, static_folder=None)
    env = lmdb.open(os.environ["BENCH_SNAPSHOT"], readonly=True, lock=False, readahead=False)
    n_customers = int(os.environ["BENCH_CUSTOMERS"])

    @app.get("/")
    def read() -> Response:
        with env.begin() as txn:
            packed = txn.get(snapshot.get_customer_list_key(f"c_{random.randrange(n_customers)}"))
        return Response(packed, mimetype="application/octet-stream")

    return app
