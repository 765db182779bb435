"""The short way of a request and Flask's: the same answer, headers included, whatever is asked."""

import gzip
import re

import pytest

from serving_app.http.dispatch import ServiceApp

LISTS = "/v1/recommendations"
GZIP, UPGRADE = {"Accept-Encoding": "gzip"}, {"Upgrade": "websocket", "Connection": "upgrade"}


def get_answer(shop, path, **options):
    headers = {"X-Request-Id": "req-1", **options.pop("headers", {})}
    answer = shop.app.test_client().open(path, headers=headers, **options)
    shown = {name: value for name, value in answer.headers if name != "Content-Length"}
    body = answer.get_data()
    if shown.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    # each list has an id of its own, and each stage of a trace takes its own time
    own = rb'"request_id":"[^"]*"|"microseconds":[0-9.]+'
    return answer.status_code, shown, re.sub(own, b"", body)


@pytest.mark.parametrize(
    ("path", "options", "is_short"),
    [
        pytest.param(f"{LISTS}?user_id=u-regular&n=3", {}, True, id="a list"),
        pytest.param(
            f"{LISTS}?user_id=u-regular", {"headers": {"Accept-Encoding": "gzip"}}, True, id="gzipped"
        ),
        pytest.param(f"{LISTS}?n=0", {}, True, id="a query that is not understood"),
        pytest.param(f"{LISTS}?explain=true", {}, True, id="with a trace"),
        pytest.param("/v1/popular?n=3", {}, True, id="a list with an ETag"),
        pytest.param("/v1/popular?n=3", {"headers": {"Origin": "https://else.example"}}, True, id="a page's"),
        pytest.param(LISTS, {"headers": {"X-Forwarded-For": "1.2.3.4"}}, True, id="from elsewhere"),
        pytest.param("/docs", {"headers": {"If-None-Match": "*"}}, True, id="unchanged since"),
        pytest.param(LISTS, {"method": "HEAD"}, False, id="HEAD"),
        pytest.param(LISTS, {"method": "OPTIONS"}, False, id="OPTIONS"),
        pytest.param(LISTS, {"method": "DELETE"}, False, id="a method that is not allowed"),
        pytest.param(LISTS, {"headers": {"Host": "a b"}}, False, id="no host"),
        pytest.param(LISTS, {"headers": UPGRADE}, False, id="upgrade"),
        pytest.param(f"{LISTS}/", {}, False, id="another address"),
        pytest.param("/v1/items/item-01/similar?n=2", {}, False, id="an address with a variable"),
        pytest.param("/nowhere", {}, False, id="no route"),
    ],
)
def test_both_ways_answer_the_same(shop, monkeypatch, path, options, is_short):
    short = []
    find = ServiceApp._find_short_rule
    monkeypatch.setattr(
        ServiceApp, "_find_short_rule", lambda app, environ: short.append(find(app, environ)) or short[-1]
    )
    answer = get_answer(shop, path, **options)
    assert (short[-1] is not None) == is_short
    monkeypatch.setattr(ServiceApp, "_find_short_rule", lambda app, environ: None)
    assert get_answer(shop, path, **options) == answer


def test_a_list_goes_to_the_server_whole(shop):
    environ = shop.app.test_client()._request_from_builder_args((LISTS,), {}).environ
    started = []
    body = shop.app(environ, lambda status, headers: started.append((status, dict(headers))))
    assert isinstance(body, list)
    [(status, headers)] = started
    assert status == "200 OK" and headers["Content-Length"] == str(len(b"".join(body)))


def test_an_error_that_nobody_foresaw_is_answered(shop, monkeypatch):
    def fail(self, *_):
        raise RuntimeError("not foreseen")

    monkeypatch.setattr("serving_app.recommendations.service.RecommendationService.recommend", fail)
    status, headers, body = get_answer(shop, LISTS)
    assert status == 500 and b"urn:concierge:problem:internal" in body
    assert headers["X-Request-Id"] == "req-1"


def test_a_check_that_would_come_too_late_is_refused(shop):
    assert get_answer(shop, LISTS)[0] == 200
    with pytest.raises(AssertionError, match="can no longer be called"):
        shop.app.after_request(lambda response: response)
