"""Pages of segments: what they show, what changes by them, and who may."""

import html
import json
import re
from dataclasses import replace

import pytest

from expectations.contracts.home import HomePaths
from expectations.contracts.impressions import FINISHED_SUFFIX
from expectations.contracts.transitions import Transition, encode_transition
from serving_app.console import segment_turns
from serving_app.console.segment_turns import SegmentTurns
from tests.serving_app.conftest import REGULAR
from tests.serving_app.console.conftest import Reader
from tests.serving_app.intake.sent_events import send, viewed
from tests.serving_app.keys.made_keys import make_keys, server_key
from tests.serving_app.memberships.conftest import keep
from tests.serving_app.memberships.nights import make_snapshot
from tests.serving_app.segments.small_warehouse import write_warehouse
from tests.serving_app.segments.test_drafts import HESITANT
from tests.serving_app.segments.test_segment_routes import LAPSED


@pytest.fixture
def office(shop, sign_in):
    """A published night with live segments, read on this machine."""
    write_warehouse(shop.home)
    shop.snapshots.publish(make_snapshot("night-1"))
    keep(shop)
    return sign_in()


def read(reader, path, status=200, **sent):
    answer = reader.get(f"/console/{path}", **sent)
    assert answer.status_code == status, answer.text
    return html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).replace("\n", " ")


def find_written(answer):
    return html.unescape(re.search(r'name="written" value="([^"]*)"', answer.text)[1])


def follow(reader, answer):
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"].removeprefix("/console/")


def test_the_list_has_the_largest_first(office):
    text = read(office, "segments")
    assert text.index("Champions") < text.index("Frequent_Buyers")
    assert "night of 2026-02-20" in text


def test_one_segment_with_its_rule_and_members(office):
    text = " ".join(read(office, "segments/frequent_buyers").split())
    assert "n_orders_90d >= 3" in text and REGULAR in text
    assert "1 customer by the night" in text
    assert "There is no such segment" in read(office, "segments/nothing", 404)


def test_why_in_and_why_not(office):
    answer = office.post("/console/segments/frequent_buyers/why", {"kind": "user_id", "id": "u-regular"})
    assert "it would end when n_orders_90d is below 3 (it is 4)" in html.unescape(answer.text)
    for data in ({"kind": "user_id", "id": ""}, {"kind": "name", "id": "Ada"}):
        assert office.post("/console/segments/frequent_buyers/why", data).status_code == 400


def test_a_marketer_builds_previews_publishes_and_watches(office, shop, clock):
    """In the cart and not bought in ten minutes: by the form, to somebody who enters and leaves."""
    form = {"name": "Hesitant", "join": "all", "choice-0": "cart_left", "length-0": "10", "unit-0": "minutes"}
    text = re.search(
        r"<textarea[^>]*>(.*?)</textarea>", office.post("/console/segment-text", form).text, re.S
    )[1]
    text = html.unescape(text)
    assert "{sequence: [{event: cart}, {absent: purchase}], within: 10 minutes}" in text
    preview = html.unescape(office.post("/console/segment-preview", {"text": text}).text)
    assert "at once" in preview and "0.0 %" in preview
    draft = follow(office, office.post("/console/segment-drafts", {"text": text.replace("\n", "\r\n")}))
    assert "+segment_id: hesitant" in read(office, draft)
    assert "needs nobody's approval" in read(office, f"{draft}/impact")
    listed = follow(office, office.post(f"/console/{draft}/publish"))
    assert listed == "segments?published=hesitant" and "Hesitant is published" in read(office, listed)
    assert "new definition" in read(office, "segments/hesitant")
    send(shop, viewed("m-1", event="Product Added", userId="u-regular"))
    keep(shop)
    now = " ".join(read(office, "segments/hesitant/now").split())
    assert now.startswith("1 customer and 0 visitors") and "in a customer by what they did" in now
    clock.move(minutes=10, seconds=1)
    keep(shop)
    now = " ".join(read(office, "segments/hesitant/now").split())
    assert now.startswith("0 customers") and "out a customer by time" in now


def test_a_form_that_was_changed_and_not_written_is_previewed_and_saved(office):
    """Viewed five in an hour, with the button of the definition left alone."""
    text = find_written(office.get("/console/segment-builder"))
    form = {"name": "Viewed five", "choice-0": "view", "number-0": "5", "length-0": "1", "unit-0": "hours"}
    sent = form | {"text": text, "written": text}
    preview = html.unescape(office.post("/console/segment-preview", sent).text)
    assert 'id="definition" hx-swap-oob' in preview and 'name: "Viewed five"' in preview
    draft = follow(office, office.post("/console/segment-drafts", sent))
    assert "+segment_id: viewed_five" in read(office, draft)
    both = sent | {"text": text.replace("Put", "They put")}
    for path, status in (("segment-preview", 200), ("segment-drafts", 409)):
        answer = office.post(f"/console/{path}", both)
        assert answer.status_code == status and "were both changed" in answer.text
    both["written"] = find_written(answer)
    kept = follow(office, office.post("/console/segment-drafts", both))
    assert '+description: "They put' in read(office, kept)


def test_mistakes_stand_by_their_line(office):
    wrong = LAPSED.replace("days_since_last_order", "days<b>")
    for path, status in (("segment-preview", 200), ("segment-drafts", 400)):
        answer = office.post(f"/console/{path}", {"text": wrong})
        assert answer.status_code == status
        assert '<td class="n">5</td>' in answer.text and "<b>" not in answer.text
    assert not HomePaths(office.shop.home).segment_drafts.exists()


def test_a_draft_of_many_needs_another_key(shop):
    """Of three customers one enters; whoever saved it cannot approve it."""
    write_warehouse(shop.home)
    store, texts = make_keys(
        *(server_key("segments", "definitions") for _ in range(2)), server_key("segments")
    )
    shop.use_stores(keys=store)
    ann, ben, eve = (Reader(shop, text) for text in texts)
    draft = follow(ann, ann.post("/console/segment-drafts", {"text": LAPSED}))
    assert "somebody else must approve it" in read(ann, f"{draft}/impact")
    refused = ann.post(f"/console/{draft}/publish")
    assert (
        refused.status_code == 409
        and "another key than the one that saved it must approve it" in refused.text
    )
    assert "The difference to the newest text" in refused.text
    digest = re.search(r'name="digest" value="(\w+)"', ben.get(f"/console/{draft}").text)[1]
    assert "digest" not in ann.get(f"/console/{draft}").text
    for path in (f"{draft}/approve", f"{draft}/publish", f"{draft}/discard", "segments/lapsed/rollback"):
        assert eve.post(f"/console/{path}").status_code == 403
    assert follow(ben, ben.post(f"/console/{draft}/approve", {"digest": digest})) == draft
    assert "approved" in read(ann, draft)
    follow(ann, ann.post(f"/console/{draft}/publish"))
    assert HomePaths(shop.home).segment_definition("lapsed").read_text() == LAPSED
    assert "Save draft" in read(ann, "segment-builder") and "Save draft" not in read(eve, "segment-builder")
    assert REGULAR not in ann.get("/console/segments/champions").text, "it lacks the scope profiles"
    assert (
        eve.post("/console/segments/champions/why", {"kind": "user_id", "id": "u-regular"}).status_code == 403
    )


def test_what_counts_since_goes_by_its_name_and_lists_who_came(office, shop):
    """Its page asks again who is in it; the explanation calls it by its name."""
    draft = follow(office, office.post("/console/segment-drafts", {"text": HESITANT}))
    assert "What customers have done since is not in these numbers" in read(office, f"{draft}/impact")
    follow(office, office.post(f"/console/{draft}/publish"))
    assert "/console/segments/hesitant/members" in office.get("/console/segments/hesitant").text
    assert "Nobody who may be named" in read(office, "segments/hesitant/members")
    send(shop, viewed("m-1", event="Product Added", userId="u-regular"))
    keep(shop)
    assert REGULAR in read(office, "segments/hesitant/members")
    why = office.post("/console/segments/hesitant/why", {"kind": "user_id", "id": "u-regular"})
    assert "In Hesitant" in why.text


def test_an_override_may_be_for_a_segment_published_since(office):
    assert "Hesitant" not in read(office, "overrides/new")
    draft = follow(office, office.post("/console/segment-drafts", {"text": HESITANT}))
    follow(office, office.post(f"/console/{draft}/publish"))
    assert '<option value="hesitant">Hesitant' in office.get("/console/overrides/new").text


def test_turns_are_read_of_the_end_of_a_large_file(tmp_path, monkeypatch):
    """Of three turns two, where more bytes than theirs are not read."""
    folder = HomePaths(tmp_path).transitions
    folder.mkdir(parents=True)
    lines = [
        encode_transition(Transition(f"c_{n}", "s", is_entered=True, since=n, told_at=n, reason="event"))
        for n in range(3)
    ]
    (folder / f"20260221T120000-a{FINISHED_SUFFIX}").write_bytes(b"".join(line + b"\n" for line in lines))
    monkeypatch.setattr(segment_turns, "MOST_BYTES", len(lines[0]) * 3)
    turns = SegmentTurns(tmp_path).list_newest("s", 12)
    assert [turn.customer_id for turn in turns] == ["c_1", "c_2"]


def test_where_the_stream_tells_turns_the_page_does_not_say_there_were_none(office, shop):
    assert "Nobody has come or gone" in read(office, "segments/champions/now")
    shop.settings = replace(shop.settings, memberships="stream")
    shop.use_stores()
    text = read(Reader(shop), "segments/champions/now")
    assert "told to Kafka" in text and "Nobody has come" not in text


@pytest.mark.parametrize("version", ["", "x", "-1", "9" * 5000])
def test_a_version_is_a_number(office, version):
    answer = office.post("/console/segments/champions/rollback", {"version": version})
    assert answer.status_code == 400 and "Choose a version" in answer.text


def test_what_the_last_night_corrected_is_said(office, shop):
    causes = {"list": {"entered": 1, "left": 0}, "data": {"entered": 0, "left": 2}}
    report = {"day": "2026-02-19", "n_corrected": 3, "segments": {"champions": causes}}
    file = HomePaths(shop.home).segment_corrections_report("night-1")
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(report))
    text = " ".join(read(office, "segments/champions").split())
    assert "What was published of 2026-02-19 before" in text
    assert "an uploaded list changed 1 0 data came late or was corrected 0 2" in text
    assert "Corrected" not in read(office, "segments/loyal")


def test_hostile_names_are_text(office):
    text = HESITANT.replace("name: Hesitant", 'name: "<script>alert(1)</script>"').replace(
        "Put something", "<img src=x onerror=alert(1)> put"
    )
    draft = follow(office, office.post("/console/segment-drafts", {"text": text}))
    follow(office, office.post(f"/console/{draft}/publish"))
    for path in ("segments", "segments/hesitant", "segments/hesitant/now"):
        page = office.get(f"/console/{path}").text
        assert "<script>alert" not in page and "<img src=x" not in page
