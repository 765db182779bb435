"""What views declare, and the one way from a view to a service."""

import pytest
from flask import Blueprint, Flask

from serving_app.http.auth import require_scope
from serving_app.http.operations import collect_routes, describe_operation
from serving_app.http.services import get_service, register_services


class Greeter:
    def greet(self):
        return "hello"


def make_app(is_described=True):
    bp = Blueprint("greetings", __name__)

    @require_scope("events", for_browsers=True)
    def greet(name):
        return get_service(Greeter).greet()

    view = describe_operation("greet", "Say hello", {200: None})(greet) if is_described else greet
    bp.add_url_rule("/v1/greetings/<path:name>/now", view_func=view, methods=["GET", "PUT"])
    app = Flask(__name__, static_folder=None)
    register_services(app, [Greeter()])
    app.register_blueprint(bp)
    return app


def test_path_methods_and_scope_come_from_the_route():
    routes = list(collect_routes(make_app()))
    assert [(route.path, route.method) for route in routes] == [
        ("/v1/greetings/{name}/now", "get"),
        ("/v1/greetings/{name}/now", "put"),
    ]
    assert {route.path_parameters for route in routes} == {("name",)}
    assert {route.required_scope for route in routes} == {("events", True)}
    assert routes[0].operation.operation_id == "greet"


def test_a_view_that_declares_nothing_is_an_error():
    with pytest.raises(TypeError, match="greet lacks @describe_operation"):
        list(collect_routes(make_app(is_described=False)))


def test_a_view_finds_a_service_by_its_class():
    assert make_app().test_client().get("/v1/greetings/a/b/now").text == "hello"


def test_headers_of_requests_are_described(shop):
    document = shop.client.get("/openapi.json").json

    def list_headers(path, method):
        parameters = document["paths"][path][method].get("parameters", ())
        return {one["name"]: one["required"] for one in parameters if one["in"] == "header"}

    of_one = "/v1/overrides/{override_id}"
    required = {method: list_headers(of_one, method) for method in ("get", "put", "patch", "delete")}
    assert required == {
        "get": {},
        "put": {"If-Match": True},
        "patch": {"If-Match": True},
        "delete": {"If-Match": False},
    }
    assert list_headers("/v1/popular", "get") == {"If-None-Match": False, "X-Concierge-User-Token": False}
    assert list_headers("/v1/recommendations", "post") == {"X-Concierge-User-Token": False}
    assert list_headers("/v1/track", "post") == list_headers("/v1/customers", "get") == {}
