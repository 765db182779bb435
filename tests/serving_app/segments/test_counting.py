"""`/v1/segments` of definitions that were published since the night: they are there, and count now."""

import json
import shutil

from expectations.contracts.home import HomePaths
from segments.to_sql import DEFINITIONS
from segments.versions import FOLDER
from tests.serving_app.conftest import NOW, REGULAR
from tests.serving_app.intake.sent_events import send, viewed
from tests.serving_app.memberships.conftest import keep
from tests.serving_app.memberships.nights import make_snapshot
from tests.serving_app.segments.test_drafts import HESITANT
from tests.serving_app.segments.test_segment_routes import YAML, check_problem


def publish(shop, text):
    draft = shop.client.post("/v1/segment-drafts", data=text, **YAML).json
    answer = shop.client.post(f"/v1/segment-drafts/{draft['draft_id']}/publish", json={})
    assert answer.status_code == 200, answer.text
    return answer.json


def ask(shop, path=""):
    answer = shop.client.get(f"/v1/segments{path}")
    assert answer.status_code == 200, answer.text
    return answer.json


def test_a_new_segment_is_there_at_once(segments, clock):
    segments.snapshots.publish(make_snapshot("night-1"))
    keep(segments)
    check_problem(segments.client.get("/v1/segments/hesitant"), 404, "unknown-segment")
    assert publish(segments, HESITANT)["counts_from"] == "now"
    (found,) = [each for each in ask(segments)["segments"] if each["segment_id"] == "hesitant"]
    assert (found["n_customers"], found["basis"], found["version"]) == (0, "live", None)
    assert found["counts_since"] == f"{NOW:%Y-%m-%dT%H:%M:%SZ}"
    pin = {"kind": "pin", "item_id": "item-33", "segment_id": "hesitant", "until": "2026-02-22T00:00:00Z"}
    assert segments.client.post("/v1/overrides", json=pin | {"reason": "x"}).status_code == 201
    for message_id, who in (("m-1", {"userId": "u-regular"}), ("m-2", {"anonymousId": "b-7"})):
        send(segments, viewed(message_id, event="Product Added", **who))
    answer = ask(segments, "/hesitant")
    assert (answer["n_customers"], answer["n_visitors"], answer["sizes"]) == (1, 1, [])
    assert (answer["definition"], answer["next_definition"], answer["is_changed"]) == (None, HESITANT, True)
    members = ask(segments, "/hesitant/members")["members"]
    assert members == [{"customer_id": REGULAR, "member_since": "2026-02-21"}]
    path = f"/hesitant/explain?customer_id={REGULAR}"
    assert ask(segments, path)["is_member"] is True
    lists = segments.client.get("/v1/recommendations?user_id=u-regular&n=3").json["items"]
    assert lists[0]["item_id"] == "item-33"
    clock.move(minutes=10, seconds=1)
    assert ask(segments, path)["is_member"] is False
    assert ask(segments, "/hesitant")["n_customers"] == 0


def test_of_a_day_of_the_night_its_own_definition_tells(segments, clock):
    """`window_shoppers` looks back for weeks by the night, for ten minutes since it was published anew."""
    paths, name = HomePaths(segments.home), f"{FOLDER}/window_shoppers.yml"
    copy = paths.rule_files / "old" / name
    copy.parent.mkdir(parents=True)
    shutil.copy(DEFINITIONS / "window_shoppers.yml", copy)
    paths.deployments.parent.mkdir(parents=True, exist_ok=True)
    rules = {"digest": "old", "files": {name: "old"}}
    paths.deployments.write_text(json.dumps({"switched_at": "2026-02-21T03:00:00Z", "rules": rules}))
    segments.snapshots.publish(make_snapshot("night-1"))
    path = f"/window_shoppers/explain?customer_id={REGULAR}&at=2026-02-19"
    before = ask(segments, path)
    publish(segments, HESITANT.replace("segment_id: hesitant", "segment_id: window_shoppers"))
    assert ask(segments, path) == before and before["basis"] == "night"
    now = ask(segments, f"/window_shoppers/explain?customer_id={REGULAR}")
    assert now["basis"] == "live" and now["clause"]["rule"] != before["clause"]["rule"]
