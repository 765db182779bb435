"""Who may ask about segments, of whom nothing is said, and what a question may take."""

import pytest

from expectations.contracts.restrictions import CONSENTS, ERASURES, Permission
from segments.sql.costs import CostLimits
from serving_app.http.problems import SegmentsBusy, TooLargeToAnswer
from serving_app.http.services import EXTENSION
from serving_app.segments.service import SegmentService
from serving_app.segments.warehouse import SegmentWarehouse
from tests.serving_app.conftest import NOW, REGULAR
from tests.serving_app.keys.made_keys import bearer, make_keys, server_key
from tests.serving_app.segments.test_segment_routes import LAPSED, YAML, check_problem

MEMBERS = "/v1/segments/champions/members"
NO = Permission(False, NOW, "web/events")


def test_a_key_for_counts_sees_no_customer(segments):
    keys, texts = make_keys(
        server_key("segments"), server_key("segments", "profiles"), server_key("profiles")
    )
    segments.use_stores(keys=keys)
    counts, both, profiles = map(bearer, texts)
    for path in (MEMBERS, f"/v1/segments/loyal/explain?customer_id={REGULAR}"):
        check_problem(segments.client.get(path, headers=counts), 403, "scope-missing")
        assert segments.client.get(path, headers=both).status_code == 200
    check_problem(segments.client.get("/v1/segments", headers=profiles), 403, "scope-missing")
    for path, names in (("preview", ["sample"]), ("diff", ["enters", "leaves"])):
        for headers, is_named in ((counts, False), (both, True)):
            answer = segments.client.post(f"/v1/segments/{path}", data=LAPSED, headers=headers, **YAML).json
            assert [answer[name] is not None for name in names] == [is_named] * len(names)


@pytest.mark.parametrize("kind", [ERASURES, CONSENTS])
@pytest.mark.parametrize("by", [REGULAR, "ada@shop.example"])
def test_whoever_said_no_since_the_night_is_not_named(segments, kind, by):
    """By the customer's id, and by an identifier that the warehouse alone joins to them."""
    assert segments.client.get(MEMBERS).json["members"] != []
    segments.restrictions.record_permission(kind, [segments.ids.get(by, by)], NO)
    assert segments.client.get(MEMBERS).json["members"] == []
    assert segments.client.post("/v1/segments/preview", data=LAPSED, **YAML).json["sample"] == []
    assert segments.client.post("/v1/segments/diff", data=LAPSED, **YAML).json["enters"] == []
    for asked in (f"customer_id={REGULAR}", "user_id=u-regular"):
        path = f"/v1/segments/loyal/explain?{asked}"
        check_problem(segments.client.get(path), 404, "unknown-customer")


def test_a_second_question_is_told_to_come_again(segments):
    warehouse = SegmentWarehouse(segments.home, 5)
    with (
        warehouse.open_night("UTC"),
        pytest.raises(SegmentsBusy),
        warehouse.open_night("UTC"),
    ):
        pass
    with warehouse.open_night("UTC") as night:
        assert night.ask("select 1") == [(1,)]


def test_busy_is_503_with_when_to_come_again(segments):
    service = segments.app.extensions[EXTENSION][SegmentService]
    with service._warehouse.open_night("UTC"):
        answer = segments.client.get("/v1/segments")
        check_problem(answer, 503, "segments-busy")
        assert answer.headers["Retry-After"] == "5"
        assert segments.client.get("/v1/popular").status_code == 200
    assert segments.client.get("/v1/segments").status_code == 200


def test_a_question_ends_at_its_deadline(segments):
    """A cross join of ten thousand million rows takes minutes."""
    warehouse = SegmentWarehouse(segments.home, 0.05)
    query = "select count(*) from range(100000) a, range(100000) b where a.range * b.range % 7 = 3"
    with (
        pytest.raises(TooLargeToAnswer, match="not found within"),
        warehouse.open_night("UTC") as night,
    ):
        night.ask(query)
    with warehouse.open_night("UTC") as night:
        assert night.ask("select 1") == [(1,)]


def test_a_question_ends_at_its_memory(segments, monkeypatch):
    monkeypatch.setattr("serving_app.segments.warehouse.MEMORY", "20MB")
    warehouse = SegmentWarehouse(segments.home, 60)
    with (
        pytest.raises(TooLargeToAnswer, match="more than 20MB of memory"),
        warehouse.open_night("UTC") as night,
    ):
        night.ask("create temp table x as select md5(cast(range as varchar)) from range(3000000)")


def test_without_a_warehouse(shop):
    check_problem(shop.client.get("/v1/segments"), 503, "not-ready")
    shop.home.joinpath("warehouse").mkdir()
    shop.home.joinpath("warehouse/concierge.duckdb").write_text("no database")
    check_problem(shop.client.get("/v1/segments"), 503, "not-ready")


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ("", 400, "bad-definition"),
        ("- a\n- b", 400, "bad-definition"),
        ("a: &x 1\nb: *x", 400, "bad-definition"),
        ("!!python/object:os.system x", 400, "bad-definition"),
        ("[" * 5_000, 400, "bad-definition"),
        (LAPSED.replace("lapsed", "../../etc/passwd"), 400, "bad-definition"),
        (LAPSED.replace("value: 10", "value: 1e400"), 400, "bad-definition"),
        (LAPSED.replace("value: 10", 'value: "10\'; drop table dim_segments; --"'), 400, "bad-definition"),
        ("x" * 70_000, 413, "http-413"),
        (b"\xff\xfe", 400, "bad-request"),
    ],
)
def test_hostile_definitions_are_refused(segments, body, status, kind):
    check_problem(segments.client.post("/v1/segments/preview", data=body, **YAML), status, kind)


def test_another_medium_is_refused(segments):
    answer = segments.client.post("/v1/segments/preview", data=LAPSED, content_type="text/plain")
    check_problem(answer, 415, "not-json")


def test_a_definition_out_of_the_settings_bounds_is_refused(segments):
    service = segments.app.extensions[EXTENSION][SegmentService]
    segment = service.read(LAPSED)
    n_read = service.preview(segment, with_names=False)["cost"]["n_read"]
    service._warehouse.limits = CostLimits(n_read=n_read - 1)
    with pytest.raises(TooLargeToAnswer, match=f"would read {n_read:,} rows"):
        service.preview(segment, with_names=False)
