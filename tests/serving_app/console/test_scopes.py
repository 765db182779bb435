"""Every page that is registered, asked with every scope, and every change without its session's token."""

import re

from serving_app.console.blueprint import SCOPE
from serving_app.http.operations import is_page
from serving_app.keys.api_key import SCOPES


def list_pages(shop):
    """Address, method and scope of every page that needs a session, its variables filled in."""
    for rule in shop.app.url_map.iter_rules():
        view = shop.app.view_functions[rule.endpoint]
        scope = getattr(view, SCOPE, "anybody")
        if is_page(view) and scope in SCOPES:
            for method in rule.methods & {"GET", "POST"}:
                yield re.sub("<[^>]*>", "none", rule.rule), method, scope


def test_every_page_is_for_the_keys_that_have_its_scope_and_no_other(shop, sign_in, keys):
    readers = {scope: sign_in(text) for scope, text in keys.items() if scope not in ("page", "second")}
    checked = 0
    for path, method, scope in list_pages(shop):
        for held, reader in readers.items():
            answer = reader.get(path) if method == "GET" else reader.post(path)
            is_refused = answer.status_code == 403 and "This needs a key with the scope" in answer.text
            assert is_refused == (held not in (scope, "admin")), f"{method} {path} by {held}"
            checked += 1
        stranger = shop.app.test_client().open(path, method=method)
        assert stranger.status_code == 303 and "/console/sign-in" in stranger.headers["Location"]
    assert checked >= 50


def test_no_page_changes_anything_without_its_sessions_token(shop, sign_in):
    reader = sign_in()
    posts = [path for path, method, _ in list_pages(shop) if method == "POST"]
    assert posts
    for path in posts:
        for sent in ({"data": {"form_token": "x"}}, {"headers": {"Sec-Fetch-Site": "cross-site"}}, {}):
            assert reader.client.post(path, **sent).status_code == 403, path
