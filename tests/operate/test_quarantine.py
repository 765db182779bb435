"""`make quarantine` shows what was refused and why, and nobody's values."""

import json
from datetime import date

import pytest

from expectations.contracts.lake import OPS_DELIVERIES, QUARANTINE
from expectations.contracts.masking import MASK, mask_record, mask_shape
from operate import quarantine
from spark_jobs.ingest.sources.sample_shop import ORDER_COLUMNS, PEOPLE_COLUMNS
from spark_jobs.lake.tables import Lake

CANARY = "canary@example.org"
PHONE = "+49 30 1234567"
DAY = date(2026, 1, 5)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Refused records of the sample shop: orders, people, events, and an order of a file that was
    replaced.
    """
    monkeypatch.setenv("CONCIERGE_HOME", str(tmp_path))
    files = {entity: f"sample_shop/{entity}/{DAY}/{entity}.csv" for entity in ("orders", "people")}
    for entity, columns in (("orders", ORDER_COLUMNS), ("people", PEOPLE_COLUMNS)):
        path = tmp_path / "landing" / files[entity]
        path.parent.mkdir(parents=True)
        path.write_text(",".join(columns) + "\n")
    order = [
        "o1",
        "1",
        "2026-01-05T12:00:00Z",
        "u-canary",
        CANARY,
        "i1",
        "two",
        "2.5",
        "EUR",
        "Ireland",
        "web",
        "sale",
        "",
    ]
    person = [
        "c1",
        "u-canary",
        CANARY,
        PHONE,
        "Canary",
        "Bird",
        "1 Cage",
        "Ulm",
        "89073",
        "Germany",
        "?",
        "",
        "",
        "",
        "",
    ]
    event = {
        "type": "track",
        "userId": "u-canary",
        "event": "Lottery",
        "traits": {"email": CANARY},
        "properties": {"note": CANARY},
    }
    rows = [
        ("orders", 2, "d1", ",".join(order), "bad_number", "quantity"),
        ("orders", 3, "d1", 'Canary,"Bird', "not_parseable", "a quote that does not close"),
        ("orders", 4, "d0", ",".join(order), "bad_number", "quantity"),
        ("people", 2, "d2", ",".join(person), "bad_time", "birth_date"),
        ("events", 2, "d3", json.dumps(event), "unknown_type", "event"),
    ]
    lake = Lake(tmp_path / "lake")
    names = ("entity", "source_line", "delivery_id", "raw_text", "reason", "detail")
    lake.replace_rows(
        [
            dict(zip(names, row, strict=True))
            | {
                "source": "sample_shop",
                "landing_date": DAY,
                "source_file": files.get(row[0], f"sample_shop/events/{DAY}/e.jsonl.gz"),
            }
            for row in rows
        ],
        QUARANTINE,
    )
    delivered = [{"delivery_id": "d0", "superseded_by": "d1"}, {"delivery_id": "d1"}]
    lake.replace_rows([dict.fromkeys(OPS_DELIVERIES.columns) | row for row in delivered], OPS_DELIVERIES)
    return tmp_path


def test_without_a_choice_the_records_are_counted_and_not_shown(home, capsys):
    assert quarantine.main([]) == 0
    screen = capsys.readouterr().out
    assert screen.startswith("4 refused records in ") and "line 2:" not in screen
    assert "REASON= or DAY= shows the records" in screen


def test_refused_records_are_counted_by_reason_and_shown_without_persons(home, capsys):
    assert quarantine.main(["--samples=3"]) == 0
    screen = capsys.readouterr().out
    assert (
        screen.startswith("4 refused records in ")
        and "(1 more are of files that were replaced since)" in screen
    )
    assert ["sample_shop", "orders", "bad_number", "2026-01-05", "1", "quantity"] in [
        line.split() for line in screen.splitlines()
    ]
    assert (
        f"orders.csv line 2: order_id=o1, line_no=1, ordered_at=2026-01-05T12:00:00Z, user_id={MASK},"
        f" email={MASK}" in screen
    )
    assert (
        "quantity=two" in screen
        and 'line 3: xxxxxx,"xxxx' in screen
        and "event=Lottery" in screen
        and "birth_date=" in screen
    )
    for value in ("anary", "example.org", "1234567", "Bird", "Cage", "89073"):
        assert value not in screen.replace(str(home), ""), value


@pytest.mark.parametrize(
    ("options", "n"),
    [
        (["--feed=orders"], 2),
        (["--reason=bad_time"], 1),
        (["--day=2026-01-05"], 4),
        (["--source=sample_shop", "--feed=events"], 1),
    ],
)
def test_options_choose(home, capsys, options, n):
    quarantine.main([*options, "--samples=0"])
    screen = capsys.readouterr().out
    assert screen.startswith(f"{n} refused records that you ask for") and "line 2:" not in screen


def test_an_empty_quarantine_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CONCIERGE_HOME", str(tmp_path))
    assert quarantine.main([]) == 0
    assert capsys.readouterr().out.startswith("No refused records in ")


@pytest.mark.parametrize(
    ("option", "allowed"),
    [("--reason=odd", "bad_number"), ("--day=monday", "as 2026-01-05"), ("--samples=many", "from 0 to 20")],
)
def test_a_slip_is_told_with_what_is_allowed(capsys, option, allowed):
    with pytest.raises(SystemExit):
        quarantine.main([option])
    assert allowed in capsys.readouterr().err


def test_what_cannot_be_told_apart_shows_its_shape_alone():
    assert mask_shape('Ann Ü,"12"\n') == 'xxx x,"99"·'
    assert mask_record("Ann,Bird", ["a", "b", "c"]) == "xxx,xxxx", "a field fewer"
    assert mask_record('{"Ann Bird": 1}', None) == '{"xxx xxxx": 9}', "a key that is no column's name"
    assert (
        mask_record('{"a": [{"email": "x"}, 2], "b": "call 030 1234567"}', None)
        == f"a=[{{email: {MASK}}}, 2], b={MASK}"
    )
    shown = mask_record('{"phoneNumber": "030 12", "billing_first_name": "Ada", "item_name": "Bowl"}', None)
    assert shown == f"phoneNumber={MASK}, billing_first_name={MASK}, item_name=Bowl"
    assert len(mask_record("x" * 1_000_000, None)) < 300


def test_what_a_shop_calls_its_customers_and_their_words_is_masked():
    """Names that no contract has, as a shop's own properties do; those of things are shown."""
    personal = {
        "recipient",
        "gift_message",
        "contactPerson",
        "shipping_line_1",
        "houseNumber",
        "note",
        "city",
    }
    things = {"messageId", "line_no", "item_name", "category", "cart_id", "capacity", "annotated_price"}
    shown = mask_record(json.dumps(dict.fromkeys([*personal, *things], "Ada L")), None)
    assert {each.partition("=")[0] for each in shown.split(", ") if each.endswith(MASK)} == personal
    assert mask_record('{"address": {"line1": "12 High St"}, "to": {"line1": "x"}}', None).count(MASK) == 2
