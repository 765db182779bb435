"""Events as clients send them, and what the service's log holds of them."""

import json
from zoneinfo import ZoneInfo

from expectations.contracts.ids import normalise_id
from serving_app.intake.batches import SentEvent
from serving_app.intake.normal_form import normalise_event
from serving_app.intake.receipts import Receipt
from tests.serving_app.conftest import NOW

NOW_TEXT = "2026-02-21T12:00:00.000000Z"
ACCEPTED = {"success": True, "n_accepted": 1, "n_duplicate": 0, "n_quarantined": 0}


def viewed(message_id="m-1", item_id="item-05", **more):
    """A view of an item by a browser."""
    event = {
        "type": "track",
        "event": "Product Viewed",
        "messageId": message_id,
        "anonymousId": "b-1",
        "properties": {"product_id": item_id},
    }
    return {name: value for name, value in {**event, **more}.items() if value is not ...}


def bought(message_id="m-1", **properties):
    """An order of two items."""
    products = [{"product_id": "item-01", "quantity": 2, "price": 3.5}, {"product_id": "item-02"}]
    return viewed(
        message_id,
        event="Order Completed",
        userId="u-1",
        properties={"order_id": "o-1", "currency": "EUR", "products": products, **properties},
    )


def send(shop, *events, path="/v1/batch", headers=None, **fields):
    """Send a batch; its answer."""
    body = json.dumps({"batch": events, **fields})
    return shop.client.post(path, data=body, headers=headers)


def outcomes(answer):
    """Outcome and reason of each event of an answer."""
    return [(one["outcome"], one.get("reason")) for one in answer.json["events"]]


def log_records(shop):
    """Every record of the event log of a shop."""
    return read_event_log(shop.home)


def read_event_log(home):
    """Every record of a home's event log, in the order of its files."""
    files = sorted((home / "serving" / "event_log").glob("[!.]*.jsonl*"))
    return [json.loads(line) for file in files for line in file.read_bytes().splitlines()]


def judge(*messages):
    """The normal form of messages that are received now."""
    receipt = Receipt(NOW, "sample_shop", ZoneInfo("UTC"), normalise_id, lambda: "made")
    return [normalise_event(SentEvent(message), receipt) for message in messages]
