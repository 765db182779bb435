"""What is planted is there, each one, and nothing else is odd: the files scanned by other code than wrote
them.
"""

import csv
import gzip
import json
import shutil
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

from expectations.contracts.reasons import REASONS
from tests.sample_shop.conftest import shop_day

EVENTS = {"Product Viewed", "Product Added", "Order Completed", "Products Searched"}
LIMIT = 32 * 1024
DAY = 86_400
AGAIN = {25 * 3600: "duplicate_after_25_hours", 8 * DAY: "duplicate_after_8_days"}  # seconds after the first


def moment(text: str) -> float:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC).timestamp()


def spoiled_as(line: bytes) -> str | None:
    """The kind of a spoiled event line, None for a good one."""
    if len(line) > LIMIT:
        return "too_large"
    try:
        record = json.loads(line.decode())
    except UnicodeDecodeError:
        return "not_utf8"
    except json.JSONDecodeError:
        return "cut_off"
    if not isinstance(record, dict):
        return "not_an_object"
    if "messageId" not in record:
        return "no_message_id"
    if not record.get("anonymousId") and not record.get("userId"):
        return "no_sender"
    if record["type"] not in {"track", "page", "identify"}:
        return "unknown_type"
    if record["type"] == "track" and record["event"] not in EVENTS:
        return "unknown_event"
    properties = record.get("properties", {})
    if record.get("event") in {"Product Viewed", "Product Added"}:
        if "product_id" not in properties:
            return "no_product"
        if isinstance(properties["price"], str):
            return "price_in_words"
    try:
        return "impossible_time" if moment(happened(record)) > moment(record["receivedAt"]) + DAY else None
    except ValueError:
        return "unreadable_time"


def happened(record: dict) -> str:
    if "timestamp" in record:
        return record["timestamp"]
    corrected = moment(record["receivedAt"]) - (
        moment(record["sentAt"]) - moment(record["originalTimestamp"])
    )
    return datetime.fromtimestamp(corrected, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def scan_events(traded) -> set[tuple[str, int, str]]:
    """(landing day, line, kind) of every odd line."""
    found, first, plants = set(), {}, traded.plants("events")
    for day, number, line in traded.raw_events():
        if (day, number) in plants:
            continue
        kind = spoiled_as(line)
        if kind:
            found.add((day, number, kind))
            continue
        record = json.loads(line)
        received, message = moment(record["receivedAt"]), record["messageId"]
        if abs(received - moment(record["sentAt"])) > 60:
            found.add((day, number, "clock_skew"))
        if message in first:
            later = received - first[message][1]
            after = AGAIN.get(round(later), "duplicate_in_file")
            assert after != "duplicate_in_file" or first[message][0] == day
            found.add((day, number, after))
            continue
        first[message] = (day, received)
        if shop_day(happened(record)) < day:
            found.add((day, number, "late_next_files"))
    return found


def scan_orders(traded) -> set[tuple[str, int, str]]:
    found, first, plants = set(), {}, traded.plants("orders")
    for day in traded.days("orders"):
        (_, header), *records = traded.records("orders", day)
        width = len(header)
        for number, fields in records:
            if (day, number) in plants:
                continue
            if len(fields) != width:
                found.add((day, number, "column_missing"))
                continue
            order, line_no, at, quantity, kind = fields[0], fields[1], fields[2], fields[6], fields[11]
            if not order:
                found.add((day, number, "no_order_id"))
            elif kind not in {"sale", "return", "charge"}:
                found.add((day, number, "unknown_kind"))
            elif not quantity.lstrip("-").isdigit():
                found.add((day, number, "quantity_in_words"))
            elif at.startswith("2026-02-31"):
                found.add((day, number, "impossible_date"))
            elif (order, line_no) in first:
                same = first[order, line_no] == day
                found.add((day, number, "order_repeated_in_file" if same else "order_repeated_next_day"))
            else:
                first[order, line_no] = day
                if shop_day(at) < day:
                    found.add((day, number, "late_order"))
    return found


def scan_people(traded) -> set[tuple[str, int, str]]:
    found, plants = set(), traded.plants("people")
    for day in traded.days("people"):
        for number, fields in traded.records("people", day)[1:]:
            if (day, number) in plants:
                continue
            if len(fields) != 15:
                found.add((day, number, "column_too_many"))
            elif not fields[0]:
                found.add((day, number, "no_crm_id"))
            elif fields[12].startswith("2026-13"):
                found.add((day, number, "impossible_update"))
            elif fields[13] not in {"true", "false"}:
                found.add((day, number, "consent_maybe"))
    return found


def scan_catalogue(traded) -> set[tuple[str, int, str]]:
    found, plants = set(), traded.plants("catalogue")
    for day in traded.days("catalogue"):
        lines = (traded.landing / "catalogue" / day / "catalogue.jsonl").read_bytes().splitlines()
        for number, line in enumerate(lines, start=1):
            if (day, number) in plants:
                continue
            try:
                record = json.loads(line)
            except json.JSONDecodeError:
                found.add((day, number, "cut_off"))
                continue
            if "item_id" not in record:
                found.add((day, number, "no_item_id"))
            elif isinstance(record["price"], str):
                found.add((day, number, "price_in_words"))
            elif record["status"] not in {"active", "discontinued"}:
                found.add((day, number, "unknown_status"))
    return found


SCANS = {"events": scan_events, "orders": scan_orders, "people": scan_people, "catalogue": scan_catalogue}


def test_planted_lines_are_found_each_one_and_no_more(small, shop):
    for traded in (small, shop):
        planted = traded.planted()
        for feed, scan in SCANS.items():
            rows = [
                (day, row)
                for day, row in planted
                if row["feed"] == feed and not (row["is_extra"] == "true" and row["key"])
            ]
            told = {(day, int(row["line"]), row["kind"]) for day, row in rows}
            assert scan(traded) == told, feed


def test_a_line_spoiled_by_somebody_else_is_noticed(small, tmp_path):
    """Negative control: the scan tells one more defect than the truth when one more is there."""
    copy = replace(small, landing=tmp_path / "landing")
    shutil.copytree(small.landing, copy.landing)
    path = copy.landing / "events" / "2026-01-09" / "events.jsonl.gz"
    content = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(content + content.split(b"\n")[0][:80] + b"\n"))
    assert scan_events(copy) - scan_events(small) == {("2026-01-09", content.count(b"\n") + 1, "cut_off")}


def test_every_kind_is_planted_with_a_code_that_is_known(shop, small):
    kinds = {
        (row["feed"], row["kind"])
        for _, row in shop.planted()
        if row["is_extra"] == "false" or not row["key"]
    }
    reasons = Counter(row["reason"] for _, row in shop.planted() if row["reason"])
    assert len({kind for feed, kind in kinds if feed == "events"}) == 12 + 5
    assert len({kind for feed, kind in kinds if feed == "orders"}) == 5 + 3
    assert len({kind for feed, kind in kinds if feed in {"people", "catalogue"}}) == 4 + 4
    assert set(reasons) == set(REASONS)  # every code that a reader may give is put to the test
    spoiled = {
        row["kind"]
        for _, row in small.planted()
        if row["reason"] and row["feed"] == "events" and not row["key"]
    }
    assert len(spoiled) == 12  # even ten days of 150 customers hold all of them


def test_counts_are_the_records_counted(shop):
    counted = Counter((day, row["feed"], row["kind"], row["reason"]) for day, row in shop.planted())
    told = {}
    for path in (shop.truth / "planted").glob("*/counts.csv"):
        for row in csv.DictReader(path.read_text().splitlines()):
            told[path.parent.name, row["feed"], row["kind"], row["reason"]] = int(row["n"])
    assert told == dict(counted) and sum(told.values()) > 500
