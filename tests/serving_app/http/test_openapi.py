"""openapi.json is complete (every route, every status a test has seen) and true (real answers fit its
schemas).
"""

from pathlib import Path

import jsonschema
import pytest
from jsonschema import Draft202012Validator

from expectations.contracts.event_format import CALLS
from serving_app.http.operations import is_page
from serving_app.http.problems import ApiError
from serving_app.identity.schemas import ExplainQuery
from serving_app.recommendations.schemas import RecommendationQuery
from tests.serving_app.segments.small_warehouse import write_warehouse

UNTIL = "2026-02-22T00:00:00Z"
SPLIT = {
    "decision": "split",
    "a": "user_id:u-regular",
    "b": "email:ada@shop.example",
    "reason": "two of them",
    "decided_by": "MK",
}
EVENT = {"type": "track", "event": "Product Viewed", "userId": "u-1", "properties": {"product_id": "item-05"}}
LAPSED = {
    "segment_id": "lapsed",
    "name": "Lapsed",
    "kind": "rule",
    "description": "Ten days.",
    "members": {"field": "days_since_last_order", "op": ">=", "value": 10},
}
REQUESTS = [
    ("get", "/v1/recommendations", "/v1/recommendations?customer_id=c_regular", None, 200),
    ("get", "/v1/recommendations", "/v1/recommendations", None, 200),
    ("get", "/v1/recommendations", "/v1/recommendations?n=0", None, 400),
    ("post", "/v1/recommendations", "/v1/recommendations", {"exclude": ["item-05"], "explain": True}, 200),
    ("post", "/v1/recommendations", "/v1/recommendations", {"exclude": "item-05", "n": 0}, 400),
    (
        "get",
        "/v1/recommendations/why-not",
        "/v1/recommendations/why-not?item_id=item-38&customer_id=c_regular",
        None,
        200,
    ),
    ("get", "/v1/recommendations/why-not", "/v1/recommendations/why-not", None, 400),
    ("get", "/v1/stream", "/v1/stream?segment=vip", None, 200),
    ("get", "/v1/stream", "/v1/stream?n=1", None, 400),
    ("get", "/v1/popular", "/v1/popular?n=3", None, 200),
    ("get", "/v1/popular", "/v1/popular?m=3", None, 400),
    ("get", "/v1/items/{item_id}/similar", "/v1/items/item-05/similar", None, 200),
    ("get", "/v1/items/{item_id}/similar", "/v1/items/item-05/similar?n=x", None, 400),
    ("get", "/v1/items/search", "/v1/items/search?text=item+3", None, 200),
    ("get", "/v1/items/search", "/v1/items/search", None, 400),
    ("get", "/v1/items/similar", "/v1/items/similar?item_id=item-05", None, 200),
    ("get", "/v1/items/similar", "/v1/items/similar", None, 400),
    ("patch", "/v1/items/{item_id}", "/v1/items/item-05", {"n_stock": 3, "price": 2.5}, 200),
    ("patch", "/v1/items/{item_id}", "/v1/items/item-05", {"n_stock": -3}, 400),
    (
        "post",
        "/v1/items/changes",
        "/v1/items/changes",
        {"changes": [{"item_id": "item-05", "n_stock": 3}]},
        200,
    ),
    ("post", "/v1/items/changes", "/v1/items/changes", {"changes": [{"item_id": "item-05"}]}, 200),
    ("post", "/v1/items/changes", "/v1/items/changes", {"changes": []}, 400),
    ("get", "/v1/customers/{customer_id}", "/v1/customers/c_former", None, 200),
    ("get", "/v1/customers/{customer_id}", "/v1/customers/c_newcomer", None, 200),
    ("get", "/v1/customers/{customer_id}", "/v1/customers/c_nobody", None, 404),
    ("get", "/v1/customers/{customer_id}", "/v1/customers/c_regular?fields=email", None, 400),
    ("get", "/v1/customers/{customer_id}/timeline", "/v1/customers/c_nobody/timeline", None, 404),
    ("get", "/v1/customers/{customer_id}/timeline", "/v1/customers/c_regular/timeline?n=1", None, 400),
    ("get", "/v1/customers", "/v1/customers?user_id=u-regular", None, 200),
    ("get", "/v1/customers", "/v1/customers?user_id=nobody", None, 404),
    ("get", "/v1/customers", "/v1/customers", None, 400),
    (
        "post",
        "/v1/customers/lookup",
        "/v1/customers/lookup",
        {"kind": "email", "value": "ada@shop.example"},
        200,
    ),
    (
        "post",
        "/v1/customers/lookup",
        "/v1/customers/lookup",
        {"kind": "email", "value": "no@shop.example"},
        404,
    ),
    ("post", "/v1/customers/lookup", "/v1/customers/lookup", {"kind": "name", "value": "x"}, 400),
    (
        "post",
        "/v1/overrides",
        "/v1/overrides",
        {"kind": "pin", "item_id": "item-05", "until": UNTIL, "user_id": "u-regular"},
        201,
    ),
    (
        "post",
        "/v1/overrides",
        "/v1/overrides",
        {"kind": "boost", "item_id": "item-05", "until": UNTIL, "factor": 2},
        201,
    ),
    ("post", "/v1/overrides", "/v1/overrides", {"kind": "block"}, 400),
    ("post", "/v1/overrides", "/v1/overrides", {"kind": "pin", "item_id": "item-99", "until": UNTIL}, 422),
    ("post", "/v1/overrides", "/v1/overrides", {"note": "x" * 70_000}, 413),
    ("post", "/v1/overrides", "/v1/overrides", "text", 415),
    ("get", "/v1/overrides", "/v1/overrides", None, 200),
    ("get", "/v1/overrides", "/v1/overrides?state=past", None, 400),
    ("get", "/v1/overrides/audit", "/v1/overrides/audit", None, 200),
    ("post", "/v1/overrides/audit/{number}/undo", "/v1/overrides/audit/1/undo", {}, 404),
    (
        "put",
        "/v1/overrides/{override_id}",
        "/v1/overrides/o_request0000",
        {"kind": "block", "item_id": "item-05", "until": UNTIL},
        404,
    ),
    ("patch", "/v1/overrides/{override_id}", "/v1/overrides/o_request0000", {"priority": 5}, 404),
    ("delete", "/v1/overrides/{override_id}", "/v1/overrides/o_request0000", None, 404),
    ("get", "/v1/overrides/{override_id}", "/v1/overrides/o_request0000", None, 404),
    ("get", "/v1/identity/decisions/{decision_id}", "/v1/identity/decisions/d_none", None, 404),
    (
        "get",
        "/v1/identity/explain",
        "/v1/identity/explain?a=user_id:u-regular&b=anonymous_id:cookie-regular",
        None,
        200,
    ),
    (
        "get",
        "/v1/identity/explain",
        "/v1/identity/explain?a=user_id:u-regular&b=user_id:u-third&as_of=2026-01-30",
        None,
        200,
    ),
    ("get", "/v1/identity/explain", "/v1/identity/explain?a=user_id:u-regular&b=user_id:null", None, 200),
    ("get", "/v1/identity/explain", "/v1/identity/explain?a=user_id:u-regular", None, 400),
    ("get", "/v1/identity/explain", "/v1/identity/explain?a=user_id:u-regular&b=user_id:nobody", None, 404),
    ("get", "/v1/identity/reviews", "/v1/identity/reviews", None, 200),
    ("get", "/v1/identity/decisions", "/v1/identity/decisions", None, 200),
    ("post", "/v1/identity/decisions", "/v1/identity/decisions", SPLIT, 201),
    ("post", "/v1/identity/decisions", "/v1/identity/decisions", {**SPLIT, "decision": "spilt"}, 400),
    ("post", "/v1/identity/decisions", "/v1/identity/decisions", {**SPLIT, "decision": "withdraw"}, 422),
    ("post", "/v1/identity/decisions", "/v1/identity/decisions", {**SPLIT, "reason": "x" * 70_000}, 413),
    ("post", "/v1/identity/decisions", "/v1/identity/decisions", "text", 415),
    ("get", "/v1/segments", "/v1/segments", None, 200),
    ("get", "/v1/segments/overlap", "/v1/segments/overlap", None, 200),
    ("get", "/v1/segments/{segment_id}", "/v1/segments/lapsed", None, 200),
    ("get", "/v1/segments/{segment_id}", "/v1/segments/nothing", None, 404),
    ("get", "/v1/segments/{segment_id}/members", "/v1/segments/champions/members", None, 200),
    ("get", "/v1/segments/{segment_id}/members", "/v1/segments/champions/members?limit=0", None, 400),
    (
        "get",
        "/v1/segments/{segment_id}/explain",
        "/v1/segments/lapsed/explain?customer_id=c_regular&at=2026-02-20",
        None,
        200,
    ),
    ("get", "/v1/segments/{segment_id}/explain", "/v1/segments/lapsed/explain", None, 400),
    ("post", "/v1/segments/preview", "/v1/segments/preview", LAPSED, 200),
    ("post", "/v1/segments/preview", "/v1/segments/preview", {**LAPSED, "members": {}}, 400),
    ("post", "/v1/segments/preview", "/v1/segments/preview", "text", 415),
    ("post", "/v1/segments/diff", "/v1/segments/diff", LAPSED, 200),
    ("post", "/v1/segments/diff", "/v1/segments/diff", {**LAPSED, "segment_id": "late"}, 404),
    ("get", "/v1/segment-drafts", "/v1/segment-drafts", None, 200),
    ("post", "/v1/segment-drafts", "/v1/segment-drafts", LAPSED, 201),
    ("post", "/v1/segment-drafts", "/v1/segment-drafts?base=of-none", LAPSED, 409),
    ("get", "/v1/segment-drafts/{draft_id}", "/v1/segment-drafts/d_none", None, 404),
    ("put", "/v1/segment-drafts/{draft_id}", "/v1/segment-drafts/d_none", LAPSED, 404),
    ("delete", "/v1/segment-drafts/{draft_id}", "/v1/segment-drafts/d_none", None, 404),
    ("get", "/v1/segment-drafts/{draft_id}/impact", "/v1/segment-drafts/d_none/impact", None, 404),
    (
        "post",
        "/v1/segment-drafts/{draft_id}/approve",
        "/v1/segment-drafts/d_none/approve",
        {"digest": "0"},
        404,
    ),
    ("post", "/v1/segment-drafts/{draft_id}/publish", "/v1/segment-drafts/d_none/publish", {}, 404),
    ("get", "/v1/segments/changes", "/v1/segments/changes", None, 200),
    (
        "post",
        "/v1/segments/{segment_id}/rollback",
        "/v1/segments/lapsed/rollback",
        {"version": 1},
        404,
    ),
    ("post", "/v1/batch", "/v1/batch", {"batch": [EVENT, {**EVENT, "event": "Unknown"}]}, 200),
    ("post", "/v1/batch", "/v1/batch", {"batch": {}}, 400),
    ("post", "/v1/batch", "/v1/batch", {"batch": [{"pad": "x" * 600_000}]}, 413),
    *(("post", f"/v1/{call}", f"/v1/{call}", EVENT, 200) for call in CALLS),
    ("post", "/v1/webhooks/{name}", "/v1/webhooks/nothing", {}, 404),
    ("get", "/healthz", "/healthz", None, 200),
    ("get", "/readyz", "/readyz", None, 200),
    ("get", "/metrics", "/metrics", None, 200),
    ("get", "/docs", "/docs", None, 200),
    ("get", "/docs/{name}", "/docs/start.js", None, 200),
    ("get", "/docs/{name}", "/docs/none.js", None, 404),
    ("get", "/concierge.js", "/concierge.js", None, 200),
    ("get", "/openapi.json", "/openapi.json", None, 200),
]


@pytest.fixture
def document(shop):
    return shop.client.get("/openapi.json").json


def fits(document, schema, value):
    Draft202012Validator(
        {**schema, "components": document["components"]}, format_checker=jsonschema.FormatChecker()
    ).validate(value)


def test_every_route_is_described_and_nothing_else(shop, document):
    routes = {
        (rule.rule.replace("<anything:", "<").replace("<", "{").replace(">", "}"), method.lower())
        for rule in shop.app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if not rule.alias and not is_page(shop.app.view_functions[rule.endpoint])
    }
    assert {(path, method) for path, methods in document["paths"].items() for method in methods} == routes


def test_pages_for_people_are_left_out_and_lie_under_addresses_of_their_own(shop, document):
    pages = {
        rule.rule for rule in shop.app.url_map.iter_rules() if is_page(shop.app.view_functions[rule.endpoint])
    }
    assert "/console/" in pages
    assert {rule.split("/")[1] for rule in pages} <= {"console", "demo"}


def test_every_route_is_asked_here(document):
    requested = {(path, method) for method, path, *_ in REQUESTS}
    assert {(path, method) for path, methods in document["paths"].items() for method in methods} == requested


@pytest.mark.parametrize(
    ("method", "path", "url", "body", "status"),
    REQUESTS,
    ids=[f"{one[0]} {one[2]} {one[4]}" for one in REQUESTS],
)
def test_real_answers_fit(shop, document, method, path, url, body, status):
    sent = {"json": body} if isinstance(body, dict) else {"data": body} if body else {}
    if path.startswith("/v1/overrides") and method == "get":
        shop.client.post("/v1/overrides", json={"kind": "block", "item_id": "item-05", "until": UNTIL})
    if path.startswith("/v1/segment"):
        write_warehouse(shop.home)
    answer = getattr(shop.client, method)(url, **sent)
    assert answer.status_code == status, answer.text
    described = document["paths"][path][method]["responses"]
    assert str(status) in described, f"{method} {path} answers {status}, which its description does not say"
    content = described[str(status)].get("content", {})
    if answer.is_json:
        fits(document, content[answer.mimetype]["schema"], answer.json)
        if path == "/openapi.json":
            return
        declared = document["components"]["schemas"][
            content[answer.mimetype]["schema"]["$ref"].rpartition("/")[2]
        ]
        if status < 400:
            assert set(answer.json) == set(declared["properties"]), "no field is undeclared, none is missing"
    if isinstance(body, dict) and status == 201:
        sent = document["paths"][path][method]["requestBody"]["content"]["application/json"]
        fits(document, sent["schema"], body)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/overrides", {"kind": "block", "item_id": "item-05", "until": UNTIL}),
        ("/v1/identity/decisions", SPLIT),
    ],
)
def test_what_was_made_can_be_read_where_its_answer_says(shop, document, path, body):
    created = shop.client.post(path, json=body)
    read = shop.client.get(created.headers["Location"])
    assert read.status_code == 200
    assert created.json.items() - read.json.items() <= {("takes_effect", "with the next night")}
    [described] = [one["get"] for name, one in document["paths"].items() if name.startswith(f"{path}/{{")]
    fits(document, described["responses"]["200"]["content"]["application/json"]["schema"], read.json)
    assert "Location" in document["paths"][path]["post"]["responses"]["201"]["headers"]


def test_generators_find_names_servers_and_who_may(document):
    operations = {
        f"{method} {path}": one
        for path, methods in document["paths"].items()
        for method, one in methods.items()
    }
    names = [one["operationId"] for one in operations.values()]
    assert len(names) == len(set(names)) and all(name.isidentifier() for name in names)
    assert operations["get /v1/recommendations"]["operationId"] == "getRecommendations"
    assert document["servers"][0]["url"] == "/"
    assert document["security"] == []
    public = {name for name, one in operations.items() if "security" not in one}
    assert public == {
        *(
            f"get {path}"
            for path in ("/healthz", "/readyz", "/openapi.json", "/docs", "/docs/{name}", "/concierge.js")
        ),
        "post /v1/webhooks/{name}",
    }
    assert {"bearerKey": ["overrides"]} in operations["post /v1/overrides"]["security"]
    assert {"basicKey": ["read"]} in operations["get /v1/popular"]["security"]
    assert {"pageKey": ["events"]} in operations["post /v1/track"]["security"]
    assert "pageKey" not in str(operations["get /v1/popular"]["security"])
    assert set(document["components"]["securitySchemes"]) == {"bearerKey", "basicKey", "pageKey"}


def test_deleting_is_described(shop, document):
    created = shop.client.post(
        "/v1/overrides", json={"kind": "block", "item_id": "item-05", "until": UNTIL}
    ).json
    assert shop.client.delete(f"/v1/overrides/{created['override_id']}").status_code == 204
    assert "204" in document["paths"]["/v1/overrides/{override_id}"]["delete"]["responses"]


def test_every_schema_is_one_and_every_reference_leads_somewhere(document):
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)

    def references(node):
        if isinstance(node, dict):
            yield from ([node["$ref"]] if "$ref" in node else [])
            for below in node.values():
                yield from references(below)
        elif isinstance(node, list):
            for below in node:
                yield from references(below)

    found = set(references(document))
    assert found and found <= {f"#/components/schemas/{name}" for name in schemas}


def test_the_query_is_described_as_it_is_checked(document):
    parameters = {
        one["name"]: one["schema"]
        for one in document["paths"]["/v1/recommendations"]["get"]["parameters"]
        if one["in"] == "query"
    }
    assert set(parameters) == set(RecommendationQuery.model_fields) - {"parameters"}
    assert (parameters["exclude"]["type"], parameters["exclude"]["maxItems"]) == ("array", 1000)
    assert (parameters["n"]["minimum"], parameters["n"]["maximum"], parameters["n"]["default"]) == (
        1,
        100,
        10,
    )
    requested = document["paths"]["/v1/identity/explain"]["get"]["parameters"]
    assert {one["name"]: one["required"] for one in requested} == {"a": True, "b": True, "as_of": False}
    as_of = requested[-1]["schema"]
    assert "a day" in as_of["description"]
    assert {one.get("format", one["type"]) for one in as_of["anyOf"]} == {"date", "date-time", "null"}
    for text in ("2026-02-21", "2026-02-21T08:00:00Z"):
        fits(document, as_of, text)
        assert ExplainQuery(a="i_1", b="i_2", as_of=text).as_of


def test_the_page_for_people_names_every_path_parameter_and_error(document):
    page = (Path(__file__).resolve().parents[3] / "docs" / "reference" / "http-api.md").read_text()
    names = [path.replace("{", "<").replace("}", ">") for path in document["paths"]]
    names += [f"`{one['name']}`" for one in document["paths"]["/v1/recommendations"]["get"]["parameters"]]
    names += [f"`{kind.kind}`" for kind in ApiError.__subclasses__()]
    assert [name for name in names if name not in page] == []
