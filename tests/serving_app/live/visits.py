"""The live state of a visitor of the small shop, read as an answer reads it."""

from serving_app.visitors.schemas import VisitorIds
from serving_app.visitors.service import VisitorResolver
from tests.serving_app.live.events import KEY, SOURCE


def read(shop, absorbed=None, **ids):
    """The state by these ids of a request."""
    visitors = VisitorResolver(shop.restrictions, [SOURCE], KEY)
    keys = visitors.find_keys(VisitorIds(**ids), shop.snapshots.get_current())
    return shop.live.read(keys, absorbed)


def list_items(shop, **ids):
    """The items of what they did, oldest first."""
    return [event.item_id for event in read(shop, **ids).events]
