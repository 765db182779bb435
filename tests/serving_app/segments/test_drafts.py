"""Drafts, approvals and publishing of the small shop of three customers: each of them is a third of it."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from expectations.contracts.home import HomePaths
from segments.definition_changes import hash_text, read_changes
from segments.to_sql import DEFINITIONS
from segments.versions import FOLDER
from serving_app.memberships.live_nights import OTHER_BUILD
from serving_app.segments.draft_schemas import DraftAnswer, ImpactAnswer, PublishedAnswer
from tests.serving_app.conftest import REGULAR
from tests.serving_app.keys.made_keys import bearer, make_keys, server_key
from tests.serving_app.memberships.nights import make_snapshot, make_snapshot_of_another_build
from tests.serving_app.segments.test_segment_routes import LAPSED, YAML, check_problem

SHIPPED = (DEFINITIONS / "lapsed.yml").read_text()
HESITANT = """segment_id: hesitant
name: Hesitant
kind: rule
description: Put something into the cart in the last ten minutes and bought nothing since.
members: {sequence: [{event: cart}, {absent: purchase}], within: 10 minutes}
"""
PIN = {
    "kind": "pin",
    "item_id": "item-05",
    "segment_id": "lapsed",
    "until": "2026-03-01T00:00:00Z",
    "reason": "x",
}


@pytest.fixture
def office(segments):
    """The shop with keys: `ann` and `ben` change definitions, `eve` only reads them."""
    changing = ("segments", "definitions", "profiles", "overrides")
    keys, texts = make_keys(server_key(*changing), server_key(*changing), server_key("segments"))
    segments.use_stores(keys=keys)
    segments.ann, segments.ben, segments.eve = map(bearer, texts)
    segments.ann_id = texts[0].split("_")[1]
    segments.ben_id = texts[1].split("_")[1]
    return segments


def save(office, text=LAPSED, who=None, path="", method="POST"):
    headers = who or office.ann
    return office.client.open(f"/v1/segment-drafts{path}", method=method, data=text, headers=headers, **YAML)


def fits(model, answer):
    assert answer.keys() == model.model_fields.keys()
    return model.model_validate(answer)


def act(office, draft, action, who=None, **body):
    path = f"/v1/segment-drafts/{draft['draft_id']}/{action}"
    return office.client.post(path, json=body, headers=who or office.ann)


def test_saved_and_listed_with_its_difference(office):
    draft = save(office, path="?reason=ten+days+are+enough").json
    assert (draft["segment_id"], draft["saved_by"], draft["reason"]) == (
        "lapsed",
        office.ann_id,
        "ten days are enough",
    )
    assert (draft["base"], draft["digest"]) == (hash_text(SHIPPED), hash_text(LAPSED))
    assert '+members: {field: days_since_last_order, op: ">=", value: 10}' in draft["diff"].splitlines()
    assert (draft["is_outdated"], draft["approval"], draft["counts_from"]) == (False, None, "next night")
    assert draft["obstacles"][0] == "it asks for days_since_last_order, which the night works out"
    assert office.client.get("/v1/segment-drafts", headers=office.eve).json == {"drafts": [draft]}
    fits(DraftAnswer, draft)
    path = f"/v1/segment-drafts/{draft['draft_id']}"
    assert office.client.delete(path, headers=office.ann).status_code == 204
    check_problem(office.client.get(path, headers=office.eve), 404, "unknown-draft")


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        pytest.param(
            LAPSED.replace("days_since_last_order", "days"), "bad-definition", "5:", id="unknown field"
        ),
        pytest.param(
            LAPSED.replace("segment_id: lapsed", "segment_id: like_champions"),
            "cannot-apply",
            "learned",
            id="of a model",
        ),
        pytest.param(
            LAPSED.replace("segment_id: lapsed", "segment_id: ../lapsed"),
            "bad-definition",
            "1:",
            id="another folder",
        ),
    ],
)
def test_what_no_night_would_evaluate_is_not_saved(office, text, kind, said):
    answer = save(office, text)
    assert answer.json["type"].endswith(kind) and said in answer.json["detail"], answer.json
    assert not HomePaths(office.home).segment_drafts.exists()


def test_of_two_drafts_the_later_is_saved_anew_on_the_newest(office):
    one, other = save(office).json, save(office, LAPSED.replace("10", "12"), office.ben).json
    assert act(office, one, "approve", office.ben, digest=one["digest"]).status_code == 200
    assert act(office, one, "publish").status_code == 200
    path = f"/v1/segment-drafts/{other['draft_id']}"
    assert office.client.get(path, headers=office.eve).json["is_outdated"]
    check_problem(act(office, other, "approve", digest=other["digest"]), 409, "draft-outdated")
    check_problem(act(office, other, "publish"), 409, "draft-outdated")
    problem = check_problem(
        save(
            office,
            LAPSED.replace("10", "12"),
            office.ben,
            f"/{other['draft_id']}?base={other['base']}",
            "PUT",
        ),
        409,
        "draft-outdated",
    )
    assert (problem["base"], problem["newest"]) == (hash_text(SHIPPED), hash_text(LAPSED))
    assert problem["diff"].splitlines()[-2:] == [
        '-members: {field: days_since_last_order, op: ">=", value: 10}',
        '+members: {field: days_since_last_order, op: ">=", value: 12}',
    ]
    anew = save(office, LAPSED.replace("10", "12"), office.ben, f"/{other['draft_id']}", "PUT").json
    assert (anew["base"], anew["is_outdated"]) == (hash_text(LAPSED), False)
    assert act(office, anew, "approve", office.ann, digest=anew["digest"]).status_code == 200
    assert act(office, anew, "publish", office.ben).json["was"] == hash_text(LAPSED)


def test_a_third_of_the_shop_needs_somebody_elses_word(office):
    """Ten days without an order: the regular enters, and nobody leaves."""
    draft = save(office).json
    problem = check_problem(act(office, draft, "publish"), 409, "approval-needed")
    assert (problem["n_enters"], problem["n_leaves"], problem["n_customers"]) == (1, 0, 3)
    check_problem(act(office, draft, "approve", digest=draft["digest"]), 422, "cannot-apply")
    check_problem(act(office, draft, "approve", office.eve, digest=draft["digest"]), 403, "scope-missing")
    check_problem(act(office, draft, "approve", office.ben, digest="0" * 12), 409, "draft-outdated")
    assert act(office, draft, "approve", office.ben, digest=draft["digest"]).json["approval"] == {
        "at": "2026-02-21T12:00:00.000000Z",
        "by": office.ben_id,
        "reason": "",
    }
    again = save(office, path=f"/{draft['draft_id']}", method="PUT").json
    assert again["approval"] is None, "of the text before"
    check_problem(act(office, draft, "publish"), 409, "approval-needed")
    act(office, draft, "approve", office.ben, digest=draft["digest"])
    change = act(office, draft, "publish", reason="they forget us sooner").json
    assert (change["share"], change["saved_by"], change["approved_by"]) == (
        1 / 3,
        office.ann_id,
        office.ben_id,
    )
    fits(PublishedAnswer, change)
    assert HomePaths(office.home).segment_definition("lapsed").read_text() == LAPSED
    logged = office.client.get("/v1/segments/changes?segment_id=lapsed", headers=office.eve).json["changes"]
    assert [(one["by"], one["reason"], one["action"]) for one in logged] == [
        (office.ann_id, "they forget us sooner", "published")
    ]
    assert office.client.get("/v1/segments/changes?segment_id=loyal", headers=office.eve).json == {
        "changes": []
    }


@pytest.mark.parametrize(
    ("make_night", "obstacle"),
    [
        (None, "no segment lives by the published night"),
        (make_snapshot_of_another_build, OTHER_BUILD),
        (make_snapshot, ""),
    ],
)
def test_it_counts_from_now_on_where_segments_live(office, make_night, obstacle):
    """Not by a night of another build or of Snowflake, which has none that lives."""
    if make_night:
        office.snapshots.publish(make_night("night-1"))
    draft = save(office, HESITANT).json
    expected = ("next night", [obstacle]) if obstacle else ("now", [])
    assert (draft["counts_from"], draft["obstacles"]) == expected
    assert act(office, draft, "publish").json["obstacles"] == expected[1]


def test_what_moves_nobody_is_published_at_once(office):
    draft = save(office, HESITANT).json
    assert draft["base"] == ""
    change = act(office, draft, "publish").json
    assert (change["share"], change["approved_by"], change["was"], change["version"]) == (0, "", "", None)
    check_problem(act(office, draft, "publish"), 404, "unknown-draft")
    check_problem(act(office, save(office, HESITANT).json, "publish"), 422, "cannot-apply")


def test_impact_names_who_and_what_else(office):
    assert office.client.post("/v1/overrides", json=PIN, headers=office.ann).status_code == 201
    draft = save(office).json
    path = f"/v1/segment-drafts/{draft['draft_id']}/impact"
    answer = office.client.get(path, headers=office.ann).json
    assert (answer["enters"], answer["leaves"], answer["n_stays"]) == ([REGULAR], [], 1)
    assert [(one["kind"], one["item_id"], one["is_in_force"]) for one in answer["overrides"]] == [
        ("pin", "item-05", True)
    ]
    # its list has items 20, 21, 22 and 39
    assert (answer["has_audience_list"], answer["n_lists"], answer["n_items"]) == (True, 1, 5)
    assert (answer["share"], answer["most_share"], answer["is_approval_needed"]) == (1 / 3, 0.05, True)
    fits(ImpactAnswer, answer)
    assert office.client.get(path, headers=office.eve).json["enters"] is None


def test_a_reason_with_an_address_and_a_disk_that_is_full(office, monkeypatch):
    draft = save(office, HESITANT).json
    check_problem(act(office, draft, "publish", reason="says ada@shop.example"), 422, "cannot-apply")

    def fail(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("serving_app.segments.drafts.write_text_atomically", fail)
    check_problem(save(office, HESITANT), 503, "definitions-out-of-reach")
    monkeypatch.setattr("serving_app.segments.saving.write_text_atomically", fail)
    check_problem(act(office, draft, "publish"), 503, "definitions-out-of-reach")
    assert not HomePaths(office.home).segment_definition("hesitant").exists()
    monkeypatch.undo()
    assert act(office, draft, "publish").status_code == 200, "the draft is still there"


def test_of_two_at_once_one_is_published(office):
    """Both were made of the text before; whoever comes second is shown what the first has changed."""
    texts = [HESITANT, HESITANT.replace("10 minutes", "20 minutes")]
    drafts = [save(office, text).json for text in texts]
    clients = [office.app.test_client() for _ in drafts]

    def publish(n):
        path = f"/v1/segment-drafts/{drafts[n]['draft_id']}/publish"
        for _ in range(2_000):
            answer = clients[n].post(path, json={}, headers=office.ann)
            if answer.json.get("type", "").rpartition(":")[2] != "segments-busy":
                break
        return answer.status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(publish, range(2))) == [200, 409]
    assert len(read_changes(office.home)) == 1


def test_rolled_back_over_http_it_needs_nobodys_word(office):
    """The night was made by the second of two texts; the first comes back, and is the version it was."""
    lines = []
    for n, (digest, text) in enumerate((("old", LAPSED), ("new", SHIPPED)), start=1):
        copy = HomePaths(office.home).rule_files / digest / FOLDER / "lapsed.yml"
        copy.parent.mkdir(parents=True)
        copy.write_text(text)
        rules = {"digest": digest, "files": {f"{FOLDER}/lapsed.yml": digest}}
        lines.append(json.dumps({"switched_at": f"2026-02-2{n}T03:00:00Z", "rules": rules}))
    HomePaths(office.home).deployments.parent.mkdir(parents=True, exist_ok=True)
    HomePaths(office.home).deployments.write_text("\n".join(lines))
    path = "/v1/segments/lapsed/rollback"
    check_problem(office.client.post(path, json={"version": 1}, headers=office.eve), 403, "scope-missing")
    check_problem(office.client.post(path, json={"version": 3}, headers=office.ann), 404, "unknown-segment")
    change = office.client.post(path, json={"version": 1, "reason": "too few"}, headers=office.ann).json
    fits(PublishedAnswer, change)
    assert (change["action"], change["version"], change["was"]) == ("rolled back", 1, hash_text(SHIPPED))
    assert HomePaths(office.home).segment_definition("lapsed").read_text() == LAPSED
    check_problem(office.client.post(path, json={"version": 1}, headers=office.ann), 422, "cannot-apply")
    assert office.client.get("/v1/segments/lapsed", headers=office.ann).json["is_changed"] is True
