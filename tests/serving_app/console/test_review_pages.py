"""Identity reviews answered by click, and decisions taken back."""

import re

import pytest

from serving_app.console.review_rows import ANSWERS
from serving_app.identity.store import DecisionFile

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def reader(shop, sign_in):
    return sign_in()


def get_pair(shop):
    return {"a": shop.ids["u-sister"], "b": shop.ids["crm-77"]}


def answer(reader, shop, name="same", **more):
    fields = {**get_pair(shop), "answer": name, "decided_by": "MK", **more}
    return reader.post("/console/reviews/answer", fields)


def read_decisions(shop):
    return [(one.decision, one.decided_by, one.reason) for one in DecisionFile(shop.home).read_all()]


def test_what_waits_is_asked_with_its_evidence(shop, reader):
    page = reader.get("/console/reviews").text
    assert "One link alone holds two groups" in page and "one link holds them together" in page
    assert page.count('action="/console/reviews/answer"') == 1, "a giant has no link"
    evidence = reader.get("/console/reviews/evidence", query_string=get_pair(shop)).text
    assert "are one customer" in evidence and "core_people/crm/1~crm/2" in evidence and "followed" in evidence


def test_whom_is_held_back_has_no_page_to_be_sent_to(reader):
    page = reader.get("/console/reviews").text
    assert re.findall(r'href="/console/customers/([^"]+)"', page) == ["c_sister"]
    assert reader.get("/console/customers/c_giant").status_code == 404
    assert "c_giant" in page and "has no page until it is decided" in page
    assert "the timeline shows its merges" not in page


@pytest.mark.parametrize(("name", "decision"), [(name, one) for name, (one, _) in ANSWERS.items()])
def test_an_answer_is_a_decision_that_counts_with_the_next_night(shop, reader, name, decision):
    assert answer(reader, shop, name, reason="same address").status_code == 303
    assert read_decisions(shop) == [(decision, "MK", "same address")]
    page = reader.get("/console/reviews").text
    assert "One link alone" not in page and "same address" in page and "Take back" in page


def test_a_decision_is_taken_back(shop, reader):
    answer(reader, shop)
    shop.clock.move(minutes=1)
    pair = {**get_pair(shop), "reason": "a mistake"}
    assert reader.post("/console/reviews/withdraw", pair).status_code == 303
    assert [one[0] for one in read_decisions(shop)] == ["join", "withdraw"]
    assert "One link alone" in reader.get("/console/reviews").text
    assert reader.post("/console/reviews/withdraw", pair).status_code == 422, "there is nothing left"


def test_without_a_name_and_reason_it_says_who_asked(shop, reader):
    answer(reader, shop, decided_by=" ", reason="")
    assert read_decisions(shop) == [("join", "operator", "looked at the evidence in the console")]


@pytest.mark.parametrize(
    "more", [{"name": "maybe"}, {"a": "x"}, {"reason": "two\nlines"}, {"reason": "ask ada@shop.example"}]
)
def test_what_is_not_understood_decides_nothing(shop, reader, more):
    assert answer(reader, shop, **more).status_code in (400, 422) and read_decisions(shop) == []


def test_hostile_words_are_text(shop, reader):
    answer(reader, shop, reason=HOSTILE, decided_by=HOSTILE)
    page = reader.get("/console/reviews").text
    assert HOSTILE not in page and "&lt;script&gt;" in page


def test_only_an_operator_may(sign_in, keys):
    for scope in ("profiles", "overrides"):
        reader = sign_in(keys[scope])
        assert reader.get("/console/reviews").status_code == 403
        assert reader.post("/console/reviews/answer").status_code == 403
