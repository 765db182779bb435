"""The demo shop over the small shop's snapshot: a client for its pages, and a served one for a browser."""

from dataclasses import replace

import pytest

from serving_app.demo.shop_file import DemoCustomer, DemoFile, write_demo_file
from tests.serving_app.conftest import Clock, Shop
from tests.serving_app.snippet.shop_pages import Served

REGULAR = DemoCustomer("u-regular", "Champion · 4 orders, mostly Mugs")
SECOND = DemoCustomer("u-second", "Newly won · 1 order")
SECRET = "a secret of at least 32 characters, of a test"


def open_demo(shop, page_key=""):
    """Let a shop have the demo."""
    write_demo_file(shop.home / "demo.json", DemoFile((REGULAR, SECOND), page_key))
    shop.settings = replace(shop.settings, has_demo=True, user_token_secrets=(SECRET,))
    shop.use_stores()
    return shop


@pytest.fixture
def demo(shop):
    return open_demo(shop)


@pytest.fixture(scope="module")
def served_demo(tmp_path_factory):
    served = Served(open_demo(Shop(tmp_path_factory.mktemp("demo"), Clock())))
    yield served
    served.stop()


@pytest.fixture
def served(served_demo):
    yield served_demo
    served_demo.fault = None
    served_demo.asked.clear()
