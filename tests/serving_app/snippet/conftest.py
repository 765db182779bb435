"""One service for the snippet's tests of a module; each test has a browser's context of its own."""

import pytest

from tests.serving_app.conftest import Clock, Shop
from tests.serving_app.snippet.shop_pages import Served, open_shop


@pytest.fixture(scope="module")
def served_shop(tmp_path_factory):
    served = Served(Shop(tmp_path_factory.mktemp("snippet"), Clock()))
    yield served
    served.stop()


@pytest.fixture
def served(served_shop):
    yield served_shop
    served_shop.fault = None
    served_shop.asked.clear()


@pytest.fixture
def context(browser, served):
    with open_shop(browser, served) as opened:
        yield opened
