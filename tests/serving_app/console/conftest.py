"""A console of the small shop, with readers of several kinds."""

import re

import pytest

from serving_app.app import create_app
from serving_app.console.blueprint import COOKIE
from serving_app.settings import Settings
from tests.serving_app.conftest import KEY, SOURCE, Clock
from tests.serving_app.console.browsing import serve
from tests.serving_app.console.hostile_home import HOSTILE, write_home
from tests.serving_app.keys.made_keys import browser_key, make_keys, server_key

TOKEN = "an operator's token of some length"


class Reader:
    """A browser of somebody who signed in: it keeps its cookie, and sends what a browser sends."""

    def __init__(self, shop, key=""):
        self.shop, self.client = shop, shop.app.test_client()
        self.answer = self.client.post("/console/sign-in", data={"key": key} if key else {})

    @property
    def cookie(self):
        found = self.client.get_cookie(COOKIE, path="/console")
        return found.value if found else ""

    def get(self, path, **sent):
        return self.client.get(path, **sent)

    def find_token(self):
        """The token that forms of this session carry."""
        match = re.search(r'name="form_token" value="([^"]+)"', self.get("/console/nothing-here").text)
        return match[1] if match else ""

    def post(self, path, data=None, **sent):
        return self.client.post(path, data={"form_token": self.find_token(), **(data or {})}, **sent)


@pytest.fixture
def sign_in(shop):
    """A function that signs in to the shop's console, with a key or, where there is none, without."""
    return lambda key="": Reader(shop, key)


@pytest.fixture
def keys(shop):
    """Keys by what they may do, `revoked` and `page` (a browser's) too; the shop has them."""
    scopes = ("admin", "profiles", "segments", "overrides", "metrics", "read")
    news = [
        *(server_key(scope) for scope in scopes),
        browser_key("read"),
        server_key(
            "admin",
        ),
    ]
    store, texts = make_keys(*news)
    shop.use_stores(keys=store)
    return dict(zip((*scopes, "page", "second"), texts, strict=True))


@pytest.fixture(scope="session")
def served_console(written_nights, tmp_path_factory):
    """A console over a hostile home, really served: its address. All tests of a worker share it."""
    home = tmp_path_factory.mktemp("hostile") / "home"
    write_home(written_nights, home)
    app = create_app(Settings(home=home, sources=(SOURCE,), identity_key=KEY), clock=Clock())
    sent = {"type": "track", "event": "Product Viewed", "anonymousId": HOSTILE, "messageId": HOSTILE}
    sent["properties"] = {"product_id": "item-05", "list_name": HOSTILE}
    assert app.test_client().post("/v1/track", json=sent).status_code == 200
    with serve(app) as address:
        yield address
