"""Pages of overrides: made after a look at what they do, changed, ended, taken back."""

import re

import pytest

from serving_app.overrides.audit_service import AuditService
from serving_app.storage.snapshots import Snapshot
from tests.serving_app.conftest import REGULAR, pairs
from tests.serving_app.overrides.test_views import create, shown

NEW = "/console/overrides/new"
PIN = {
    "kind": "pin",
    "item_id": "item-30",
    "segment_id": "vip",
    "placement": "home",
    "position": "1",
    "until": "2026-02-27T18:00",
    "reason": "Easter",
    "author": "MK",
}
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


@pytest.fixture
def reader(shop, sign_in):
    return sign_in()


def save(reader, path=NEW, **fields):
    return reader.post(path, {**PIN, **fields, "action": "save"})


def test_a_marketer_pins_looks_and_takes_back(shop, reader):
    preview = reader.post(NEW, {**PIN, "action": "preview"})
    assert "Of 1 customer with a list of their own, 1 would see another first 10" in preview.text
    assert re.search(r"Item 30 <span class=.badge good.>new", preview.text)
    assert shop.overrides.read_all() == () and 'value="2026-02-27T18:00"' in preview.text
    answer = save(reader)
    [made] = shop.overrides.read_all()
    assert (answer.status_code, answer.location) == (303, f"/console/overrides/{made.override_id}")
    assert (made.author, made.segment_id, made.position) == ("MK", "vip", 1)
    assert made.until.isoformat() == "2026-02-27T18:00:00+00:00"
    member = {"customer_id": REGULAR, "placement": "home", "n": 3}
    assert shown(shop, **member)[0] == "item-30" and "item-30" not in shown(shop, placement="home", n=3)
    page = reader.get(answer.location).text
    assert "Pin Item 30 at place 1" in page and "in force" in page and "segment vip" in page
    assert "Pin Item 30 at place 1" in reader.get("/console/overrides").text
    undone = reader.post("/console/overrides/audit/1/undo")
    assert (undone.status_code, undone.location) == (303, answer.location)
    assert "item-30" not in shown(shop, **member)
    audit = reader.get("/console/overrides/audit").text
    assert "Pin Item 30 at place 1 for segment vip: made" in audit and "Easter" in audit
    assert "Pin Item 30 at place 1 for segment vip: ended" in audit and "undoes 1" in audit
    assert "not there" in reader.get(answer.location).text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"until": ""}, "Ends: Field required"),
        ({"until": "tomorrow"}, "Ends: "),
        ({"until": "2026-02-20T18:00"}, "until must lie in the future"),
        ({"item_id": ""}, "give item_id or category, one of them"),
        ({"item_id": "item-99"}, "No item has this item_id"),
        ({"kind": "boost"}, "factor belongs to a boost, which needs one"),
        ({"position": "x"}, "Position: "),
        ({"customer_id": REGULAR}, "give a segment or a customer, not both"),
        ({"reason": "x" * 501}, "Reason: "),
    ],
)
def test_what_is_wrong_is_said_and_nothing_that_was_typed_is_lost(shop, reader, fields, said):
    answer = save(reader, **fields)
    assert answer.status_code == 200 and said in answer.text
    assert shop.overrides.read_all() == () and 'value="MK"' in answer.text
    part = reader.post(NEW, {**PIN, **fields, "action": "preview"}, headers={"HX-Request": "true"})
    assert said in part.text and "<html" not in part.text


def test_a_mistake_stands_at_its_field(reader):
    page = save(reader, until="", reason="x" * 501).text
    for name, words in (("until", "Field required"), ("reason", "at most 500")):
        assert re.search(rf'id="f-{name}"[^>]*e-{name}"[^>]*aria-invalid="true"', page)
        assert re.search(rf'id="e-{name}">[^<]*{words}', page)
    assert page.count('aria-invalid="true"') == 2


def test_times_are_shown_as_they_were_typed(shop, reader):
    """At night in Martinique it is the next day in UTC; of what is over nothing is still to come."""
    shop.snapshots.publish(Snapshot.from_pairs("night-2", pairs(time_zone="America/Martinique")))
    page = save(reader, until="2026-02-27T23:59").location
    text = reader.get(page).text
    assert "2026-02-27 23:59 America/Martinique" in text and "in 6 days" in text
    assert "2026-02-27 23:59 America/Martinique" in reader.get("/console/overrides").text
    save(reader, f"{page}/change", version="1", until="2026-02-28T23:59")
    changed = "2026-02-27 23:59 America/Martinique → 2026-02-28 23:59 America/Martinique"
    assert changed in reader.get("/console/overrides/audit").text
    reader.post(f"{page}/end")
    gone = reader.get(page).text
    assert "Was to end" in gone and "in 7 days" not in gone and "in 6 days" not in gone


def test_a_look_at_a_segment_is_of_the_members_of_the_night(reader):
    """Whoever comes into a live segment since sees what is saved, and is not in the look."""
    page = reader.post(NEW, {**PIN, "kind": "block", "segment_id": "loyal", "action": "preview"}).text
    assert "By the night nobody with a list of their own is concerned" in page
    assert "Whoever comes into a live segment since" in page
    assert "comes into" not in reader.post(NEW, {**PIN, "segment_id": "", "action": "preview"}).text


def test_placements_are_named_beside_their_field(reader):
    page = reader.get(NEW).text
    assert "home, product, cart, email" in page and '<option value="cart">' in page


def test_an_undo_says_who_and_why(shop, reader):
    override_id = create(shop)["override_id"]
    assert 'id="f-author-1" name="author"' in reader.get("/console/overrides/audit").text
    reader.post("/console/overrides/audit/1/undo", {"author": "AL", "reason": "a slip"})
    newest, _ = shop.overrides.iterate_audit()
    assert (newest["author"], newest["reason"]) == ("AL", "a slip")
    page = reader.get(f"/console/overrides/{override_id}").text
    assert "AL (this machine)" in page and "changed since, or over" in page


def test_fields_of_other_kinds_do_not_get_in_the_way(shop, reader):
    assert save(reader, kind="block", factor="1.5").status_code == 303
    shop.clock.move(minutes=1)
    assert save(reader, kind="boost", factor="1.5").status_code == 303
    block, boost = shop.overrides.read_all()
    assert (block.position, block.factor, boost.position, boost.factor) == (0, 1.0, 0, 1.5)


def test_a_change_is_of_the_version_that_was_read(shop, reader):
    override_id = create(shop, kind="pin", item_id="item-30", segment_id="vip")["override_id"]
    path = f"/console/overrides/{override_id}/change"
    form = reader.get(path).text
    assert 'name="version" value="1"' in form and 'value="item-30" checked' in form
    assert save(reader, path, version="1", item_id="item-31").status_code == 303
    late = save(reader, path, version="1", item_id="item-32")
    assert "Somebody else has changed it" in late.text
    assert [one.item_id for one in shop.overrides.read_all()] == ["item-31"]
    page = reader.get(f"/console/overrides/{override_id}").text
    assert "item: item-30 → item-31" in page


def test_one_is_ended_with_a_reason(shop, reader):
    override_id = create(shop)["override_id"]
    reader.post(f"/console/overrides/{override_id}/end", {"reason": "over"})
    [entry, _] = shop.overrides.iterate_audit()
    assert (entry["action"], entry["reason"], entry["key_id"]) == ("deleted", "over", "local")


def test_words_for_the_audit_log_are_bounded_as_elsewhere(shop, reader):
    override_id = create(shop)["override_id"]
    for path in (f"{override_id}/end", "audit/1/undo"):
        answer = reader.post(f"/console/overrides/{path}", {"reason": "x" * 501})
        assert answer.status_code == 400 and "reason: " in answer.text
    assert len(shop.overrides.read_all()) == 1


def test_after_undoing_the_page_of_that_override_is_shown(shop, reader, monkeypatch):
    """And not that of whichever was changed last: another reader may have changed one meanwhile."""
    override_id = create(shop)["override_id"]
    undo = AuditService.undo

    def undo_while_another_works(*args):
        answer = undo(*args)
        create(shop, item_id="item-02")
        return answer

    monkeypatch.setattr(AuditService, "undo", undo_while_another_works)
    answer = reader.post("/console/overrides/audit/1/undo")
    assert answer.location == f"/console/overrides/{override_id}"


def test_a_change_is_not_said_to_be_of_whoever_made_the_override(shop, reader):
    override_id = create(shop, author="Ada", reason="Easter")["override_id"]
    form = reader.get(f"/console/overrides/{override_id}/change").text
    assert "Ada" not in form and 'value="Easter"' in form


def test_something_newer_stands_in_the_way(shop, reader):
    override_id = create(shop)["override_id"]
    save(reader, f"/console/overrides/{override_id}/change", version="1", item_id="item-31")
    answer = reader.post("/console/overrides/audit/1/undo")
    assert answer.status_code == 409 and "Entry 2 has come after it" in answer.text


def test_words_find_overrides(shop, reader):
    create(shop, item_id="item-01", reason="recall")
    create(shop, kind="pin", item_id="item-07", placement="home")
    for text, found in [("recall", [1]), ("item 7 home", [7]), ("item", [1, 7]), ("nothing", [])]:
        page = reader.get("/console/overrides", query_string={"text": text}).text
        assert [n for n in (1, 7) if f"Item {n}" in page] == found, text
    assert "No override fits" in reader.get("/console/overrides?state=scheduled").text


def test_items_are_found_while_one_types(reader):
    page = reader.get("/console/overrides/items?text=item+3", headers={"HX-Request": "true"}).text
    assert page.count('type="radio"') == 8 and page.index("item-03") < page.index("item-30")
    assert "out of stock" in reader.get("/console/overrides/items?text=item-38").text
    nothing = reader.get("/console/overrides/items?text=launch-1").text
    assert "No item has these words" in nothing and 'value="launch-1"' in nothing


def test_hostile_words_are_text(shop, reader):
    create(shop, reason=HOSTILE, author=HOSTILE[:100], placement="home")
    override_id = shop.overrides.read_all()[0].override_id
    pages = [reader.get(f"/console/overrides{path}") for path in ("", "/audit", f"/{override_id}")]
    pages += [
        reader.get(f"/console/overrides/{override_id}/change"),
        reader.get("/console/overrides", query_string={"text": HOSTILE}),
        reader.get("/console/overrides/items", query_string={"text": HOSTILE}),
        reader.get(NEW, query_string=dict.fromkeys(PIN, HOSTILE)),
        save(reader, **dict.fromkeys(PIN, HOSTILE)),
        save(reader, item_id=HOSTILE),
    ]
    for page in pages:
        assert "<script>alert" not in page.text and "<img src=x" not in page.text, page.request.path


def test_whoever_may_not_see_overrides_is_told_so(sign_in, keys):
    reader = sign_in(keys["profiles"])
    for path in ("", "/new", "/audit", "/items?text=a", "/o_1", "/o_1/change"):
        answer = reader.get(f"/console/overrides{path}")
        assert answer.status_code == 403 and "scope overrides" in answer.text
    assert reader.post("/console/overrides/audit/1/undo").status_code == 403
