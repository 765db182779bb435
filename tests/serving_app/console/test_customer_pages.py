"""Pages of customers: found by any identifier, shown with all that is known, and nobody who may not be."""

import html
from datetime import UTC, date, datetime, timedelta

import pytest

from expectations.contracts.home import HomePaths
from expectations.contracts.restrictions import CONSENTS, Permission
from expectations.contracts.shop_clock import set_next_landing_day
from serving_app.console.shop_facts import ShopFacts
from serving_app.live.events import CART, VIEW
from serving_app.recommendations.placements import Placements
from tests.serving_app.conftest import FORMER, NOW, REGULAR
from tests.serving_app.live.events import make_event
from tests.serving_app.overrides.test_views import create
from tests.serving_app.timelines.timeline_warehouse import SENTENCES, write_timelines

PAGE = f"/console/customers/{REGULAR}"
PART = {"HX-Request": "true"}
EMAIL = "ada@shop.example"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def reader(shop, sign_in):
    write_timelines(shop.home)
    return sign_in()


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("user_id", "u-regular"),
        ("email", " Ada@Shop.example "),
        ("customer_id", FORMER),
        ("customer_id", REGULAR),
    ],
)
def test_one_is_found_by_any_identifier(reader, kind, value):
    answer = reader.post("/console/customers", {"kind": kind, "value": value})
    assert (answer.status_code, answer.location) == (303, PAGE)
    page = reader.get(PAGE).text
    assert EMAIL not in page and all(word in page for word in ("France", "favourite_brand", "Acme", "vip"))


@pytest.mark.parametrize(("kind", "value"), [("email", "no@shop.example"), ("user_id", HOSTILE)])
def test_nobody_is_found(reader, kind, value):
    answer = reader.post("/console/customers", {"kind": kind, "value": value})
    assert answer.status_code == 404 and "No customer has this id" in answer.text and value not in answer.text
    assert reader.post("/console/customers", {"kind": "name", "value": "x"}).status_code == 400


def test_a_visitor_whom_no_night_has_met_is_shown_without_an_address(shop, reader):
    shop.live.record([make_event(CART, "item-07", browser="b-new", quantity=2)])
    page = reader.post("/console/customers", {"kind": "anonymous_id", "value": "b-new"})
    assert page.status_code == 200 and "Item 7 × 2" in page.text and "b-new" not in page.text
    assert "Put Item 7 into the cart, 2 pieces" in page.text and "Timeline" not in page.text


def test_the_timeline_stands_page_by_page_and_by_kind(reader, monkeypatch):
    whole = html.unescape(reader.get(f"{PAGE}/timeline").text)
    places = [whole.index(sentence) for sentence in SENTENCES]
    assert places == sorted(places) and "clicked</span>" in whole
    orders = reader.get(f"{PAGE}/timeline?kind=order", headers=PART).text
    assert SENTENCES[0] in orders and SENTENCES[2] not in orders and "<html" not in orders
    monkeypatch.setattr("serving_app.console.customers.N_ENTRIES", 5)
    first = reader.get(f"{PAGE}/timeline", headers=PART).text
    assert SENTENCES[4] in first and SENTENCES[5] not in first
    address = html.unescape(first.split('hx-get="')[-1].split('"')[0])
    older = reader.get(address, headers=PART).text
    assert SENTENCES[5] in older and SENTENCES[4] not in older and "filters" not in older


def test_a_shop_in_its_own_calendar_has_one_clock_on_a_page(shop, sign_in):
    """The night is of 20 February, so that the shop is at the 21st, 281 days before this 29 November."""
    write_timelines(shop.home)
    shop.clock.time = now = datetime(2026, 11, 29, 12, tzinfo=UTC)
    set_next_landing_day(shop.home, now.date(), date(2026, 2, 20), date(2026, 1, 5))
    shop.use_stores()
    at = now - timedelta(minutes=2)
    shop.live.record([make_event(CART, "item-07", user="u-regular", occurred_at=at, received_at=at)])
    shop.clock.time = now - timedelta(minutes=3)
    create(shop, kind="pin", item_id="item-05", customer_id=REGULAR, until=(now + timedelta(1)).isoformat())
    shop.clock.time = now
    page = html.unescape(sign_in().get(f"{PAGE}/timeline", headers=PART).text)
    first, before = page.split('<h3 class="day">')[1:3]
    assert first.startswith("Sat 21 Feb 2026") and "UTC, 2 min ago" in first
    assert first.index("Put Item 7 into the cart") < first.index("A pin of Item 5 for this customer was made")
    assert before.startswith("Fri 20 Feb 2026")
    assert "281 days behind the clock" in page and "Nov 2026" not in page


def test_a_list_is_shown_with_reasons_and_is_no_impression(shop, reader):
    create(shop, kind="boost", item_id="item-05", factor=2.0, customer_id=REGULAR)
    page = reader.get(f"{PAGE}/list?placement=home", headers=PART).text
    assert "by an override (×2)" in page and "Microseconds" not in page and "Item 5" in page
    assert not [*HomePaths(shop.home).decision_log.glob("*.jsonl*")], "nobody was shown it"


def test_why_an_item_is_not_in_the_list(shop, reader):
    create(shop, item_id="item-03", reason="recall")
    blocked = reader.get(f"{PAGE}/why-not?text=item+3", headers=PART).text
    assert "An override blocks it" in blocked and "Item 3" in blocked
    assert "Others with these words" in blocked and "text=item-3" in blocked, "of several one may choose"
    assert "at place 1." in reader.get(f"{PAGE}/why-not?text=item-00", headers=PART).text
    assert "No item has these words" in reader.get(f"{PAGE}/why-not?text=zzz", headers=PART).text


def test_overrides_for_them_are_there_for_who_may_see_them(shop, reader):
    create(shop, kind="pin", item_id="item-05", segment_id="vip")
    create(shop, kind="pin", item_id="item-06", customer_id=REGULAR)
    create(shop, kind="pin", item_id="item-07")
    page = reader.get(PAGE).text
    assert [n for n in (5, 6, 7) if f"Pin Item {n}" in page] == [5, 6]


def test_without_the_scope_overrides_are_left_out(shop, sign_in, keys):
    body = {"kind": "pin", "item_id": "item-05", "segment_id": "vip", "until": "2026-02-22T00:00:00Z"}
    headers = {"Authorization": f"Bearer {keys['overrides']}"}
    assert shop.client.post("/v1/overrides", json=body, headers=headers).status_code == 201
    page = sign_in(keys["profiles"]).get(PAGE)
    assert page.status_code == 200 and "Pin Item 5" not in page.text and "New override" not in page.text
    for path in (PAGE, f"{PAGE}/timeline", f"{PAGE}/list", f"{PAGE}/segment", "/console/customers"):
        assert sign_in(keys["segments"]).get(path).status_code == 403


def test_who_said_no_has_no_page(shop, reader):
    shop.restrictions.record_permissions(CONSENTS, {shop.ids[EMAIL]: Permission(False, NOW, "test")})
    assert reader.get(f"{PAGE}/timeline").status_code == 404
    shop.live.record([make_event(VIEW, "item-07", user="u-regular", has_personalization_consent=False)])
    for path in ("", "/list", "/timeline", "/why-not?text=item-00"):
        assert reader.get(PAGE + path).status_code == 404, path


def test_hostile_words_are_text(shop, reader):
    shop.live.record([make_event(CART, HOSTILE, user="u-regular")])
    pages = [
        reader.get(PAGE),
        reader.get(f"{PAGE}/timeline"),
        reader.get(f"{PAGE}/why-not", query_string={"text": HOSTILE}),
        reader.get(f"{PAGE}/list", query_string={"placement": HOSTILE}),
        reader.get(f"{PAGE}/segment", query_string={"segment_id": HOSTILE}),
        reader.get(f"{PAGE}/timeline", query_string={"kind": HOSTILE}),
        reader.get(f"/console/customers/{HOSTILE}"),
    ]
    assert all(HOSTILE not in page.text for page in pages)
    assert "&lt;script&gt;" in pages[0].text


def test_items_are_called_by_their_titles(shop):
    facts = ShopFacts(shop.snapshots, Placements(shop.home), None)
    said = facts.name_items(
        "chosen for you (by item_knn); viewed item-05 on 2026-02-21, not item-99 or ITEM-07"
    )
    assert said == "chosen for you (by item_knn); viewed Item 5 on 2026-02-21, not item-99 or ITEM-07"
