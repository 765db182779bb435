"""What may be asked of a new key, and what becomes of the keys."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from serving_app.keys.api_key import decode_key, encode_key
from serving_app.keys.changes import KeyFlaw, NewKey, add_key, find_flaw, revoke_key, rotate_key

NOW = datetime(2026, 2, 21, 12, tzinfo=UTC)
SERVER = NewKey(name="shop server", scopes=("read", "events"), source="sample_shop", rate="100/second")
BROWSER = NewKey(name="page", scopes=("read", "events"), kind="browser", origins=("https://shop.example",))


@pytest.mark.parametrize(
    ("new", "words"),
    [
        (SERVER, None),
        (BROWSER, None),
        (replace(BROWSER, origins=("http://localhost:3000", "http://[::1]:80")), None),
        (replace(SERVER, expires_at=NOW + timedelta(seconds=1)), None),
        (replace(SERVER, name=""), "NAME="),
        (replace(SERVER, name="a\nb"), "NAME="),
        (replace(SERVER, name="x" * 65), "NAME="),
        (replace(SERVER, scopes=()), "SCOPES="),
        (replace(SERVER, scopes=("read", "write")), "SCOPES="),
        (replace(SERVER, kind="phone"), "KIND="),
        (replace(SERVER, source="other_shop"), "SOURCE="),
        (replace(SERVER, rate="fast"), "RATE="),
        (replace(SERVER, rate="0/second"), "RATE="),
        (replace(SERVER, origins=("https://shop.example",)), "ORIGINS="),
        (replace(SERVER, expires_at=NOW), "EXPIRES="),
        (replace(BROWSER, scopes=("read", "profiles")), "read, events only"),
        (replace(BROWSER, scopes=("admin",)), "read, events only"),
        (replace(BROWSER, origins=()), "ORIGINS="),
        (replace(BROWSER, origins=("*",)), "ORIGINS="),
        (replace(BROWSER, origins=("null",)), "ORIGINS="),
        (replace(BROWSER, origins=("https://shop.example/",)), "ORIGINS="),
        (replace(BROWSER, origins=("https://shop.example", "https://*.example")), "ORIGINS="),
    ],
)
def test_what_a_key_may_be(new, words):
    flaw = find_flaw(new, ("sample_shop",), NOW)
    assert flaw is None if words is None else words in flaw


@pytest.mark.parametrize("new", [SERVER, BROWSER, replace(SERVER, expires_at=NOW + timedelta(days=1))])
def test_a_key_is_read_as_it_was_written(new):
    [key], _ = add_key([], new, NOW)
    assert decode_key(encode_key(key)) == key


def test_a_successor_differs_in_its_secret_alone():
    keys, old_text = add_key([], SERVER, NOW)
    keys, text = rotate_key(keys, keys[0].key_id, NOW + timedelta(hours=1), NOW + timedelta(minutes=1))
    old, new = keys
    assert text != old_text and (old.expires_at, new.expires_at) == (NOW + timedelta(hours=1), None)
    assert replace(new, key_id="", secret_hash="", created_at=NOW) == replace(
        old, key_id="", secret_hash="", expires_at=None
    )


def test_a_rotation_lengthens_no_life():
    keys, _ = add_key([], replace(SERVER, expires_at=NOW + timedelta(minutes=5)), NOW)
    keys, _ = rotate_key(keys, keys[0].key_id, NOW + timedelta(hours=1), NOW)
    assert [key.expires_at for key in keys] == [NOW + timedelta(minutes=5)] * 2


def test_what_has_ended_is_neither_rotated_nor_revoked():
    keys, _ = add_key([], SERVER, NOW)
    ended = revoke_key(keys, keys[0].key_id, NOW)
    for key_id in (keys[0].key_id, "none"):
        with pytest.raises(KeyFlaw, match="no valid key has this id"):
            revoke_key(ended, key_id, NOW)
        with pytest.raises(KeyFlaw, match="no valid key has this id"):
            rotate_key(ended, key_id, NOW, NOW)
