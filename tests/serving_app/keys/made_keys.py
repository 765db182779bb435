"""Keys for tests: made in memory, each with the text that its user sends."""

from datetime import UTC, datetime

from serving_app.keys.changes import NewKey, add_key
from serving_app.keys.store import MemoryKeys

CREATED = datetime(2026, 1, 1, tzinfo=UTC)
ORIGIN = "https://shop.example"


def make_keys(*news):
    """A store of these keys, and their texts."""
    keys, texts = [], []
    for new in news:
        keys, text = add_key(keys, new, CREATED)
        texts.append(text)
    return MemoryKeys(keys), texts


def server_key(*scopes, **fields):
    return NewKey(name="server", scopes=scopes, **fields)


def browser_key(*scopes, **fields):
    return NewKey(name="page", scopes=scopes, kind="browser", origins=(ORIGIN,), **fields)


def bearer(text):
    return {"Authorization": f"Bearer {text}"}
