"""The file of keys: what is damaged, lost or put back never lets anybody in who was not."""

import json
import os
from datetime import UTC, datetime, timedelta

import pytest

from serving_app.keys.changes import NewKey, add_key, revoke_key, rotate_key
from serving_app.keys.store import FileKeys

NOW = datetime(2026, 2, 21, 12, tzinfo=UTC)
READ = NewKey(name="shop", scopes=("read",))


def make_key(store, new=READ):
    texts = []

    def edit(keys):
        keys, text = add_key(keys, new, NOW)
        texts.append(text)
        return keys

    store.change(edit)
    return texts[0]


@pytest.fixture
def store(tmp_path):
    return FileKeys(tmp_path)


def paths(home):
    return [home / "serving" / "keys" / name for name in ("keys.json", "keys.copy.json")]


def test_a_home_without_keys_is_open(store):
    assert store.is_open() and store.read_all() == () and store.describe_problem() == ""


def test_another_worker_knows_a_key_at_its_next_request(store, tmp_path):
    other = FileKeys(tmp_path)
    assert other.is_open()
    text = make_key(store)
    assert other.find(text, NOW).name == "shop"
    assert not other.is_open()
    store.change(lambda keys: revoke_key(keys, text.split("_")[1], NOW))
    assert other.find(text, NOW) is None
    assert not other.is_open(), "the last key's end opens nothing"


def test_the_secret_is_nowhere(store, tmp_path):
    text = make_key(store)
    assert len(text.rpartition("_")[2]) * 4 == 256
    for path in paths(tmp_path):
        assert text.rpartition("_")[2] not in path.read_text()


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text[:-1],
        lambda text: text + "0",
        lambda text: text[:-1] + ("0" if text[-1] != "0" else "1"),
        lambda text: text.upper(),
        lambda text: text.replace("ck_", "sk_"),
        lambda text: "ck_" + "0" * 12 + "_" + text.rpartition("_")[2],
        lambda text: text.rpartition("_")[2],
        lambda text: f"{text}\n",
        lambda text: text + "\0",
        lambda text: "",
        lambda text: "ck__",
        lambda text: text[:3] + "١" * 12 + text[15:],
        lambda text: "ck_" + "a" * 1_000_000,
    ],
)
def test_what_is_nearly_a_key_is_none(store, edit):
    text = make_key(store)
    assert store.find(text, NOW)
    assert store.find(edit(text), NOW) is None


def test_a_key_ends_to_the_second(store):
    text = make_key(store, NewKey(name="shop", scopes=("read",), expires_at=NOW + timedelta(days=1)))
    assert store.find(text, NOW + timedelta(days=1, seconds=-1))
    assert store.find(text, NOW + timedelta(days=1)) is None


def test_both_keys_of_a_rotation_are_valid_until_its_end(store):
    old = make_key(store)
    new = []

    def edit(keys):
        keys, text = rotate_key(keys, old.split("_")[1], NOW + timedelta(hours=24), NOW)
        new.append(text)
        return keys

    store.change(edit)
    for hours, accepted in ((0, (True, True)), (23, (True, True)), (24, (False, True))):
        now = NOW + timedelta(hours=hours)
        assert (store.find(old, now) is not None, store.find(new[0], now) is not None) == accepted


def test_one_damaged_file_changes_nothing(store, tmp_path):
    text = make_key(store)
    for path in paths(tmp_path):
        before = path.read_text()
        path.write_text(before.replace('"read"', '"admin"'))
        for worker in (store, FileKeys(tmp_path)):
            assert worker.find(text, NOW).scopes == ("read",)
            assert f"{path.name} is damaged" in worker.describe_problem()
        path.write_text(before)
        assert FileKeys(tmp_path).describe_problem() == ""


@pytest.mark.parametrize("damage", [lambda path: path.write_text("{"), os.unlink], ids=["cut", "deleted"])
def test_without_a_readable_file_known_keys_hold(store, tmp_path, damage):
    text = make_key(store)
    assert store.find(text, NOW)
    for path in paths(tmp_path):
        damage(path)
    assert store.find(text, NOW)
    assert "the 1 keys known before hold" in store.describe_problem()
    assert not store.is_open()


def test_a_fresh_worker_without_a_readable_file_knows_no_key_and_is_not_open(store, tmp_path):
    text = make_key(store)
    for path in paths(tmp_path):
        path.write_text("{")
    fresh = FileKeys(tmp_path)
    assert fresh.find(text, NOW) is None and not fresh.is_open()
    assert "no key is accepted" in fresh.describe_problem()
    with pytest.raises(ValueError, match="put one of the files back"):
        make_key(fresh)


def test_an_older_file_put_back_revives_no_key(store, tmp_path):
    text = make_key(store)
    old = [path.read_text() for path in paths(tmp_path)]
    store.change(lambda keys: revoke_key(keys, text.split("_")[1], NOW))
    assert store.find(text, NOW) is None
    for path, content in zip(paths(tmp_path), old, strict=True):
        path.write_text(content)
    assert store.find(text, NOW) is None
    assert "older than what holds" in store.describe_problem()


@pytest.mark.parametrize("has_backup", [True, False], ids=["put back", "deleted"])
def test_running_workers_know_what_is_made_of_files_put_back_or_deleted(tmp_path, has_backup):
    worker, operator = FileKeys(tmp_path), FileKeys(tmp_path)
    kept = make_key(operator)
    backup = [path.read_text() for path in paths(tmp_path)]
    lost = [make_key(operator) for _ in range(9)]
    assert worker.find(lost[-1], NOW)
    for path, text in zip(paths(tmp_path), backup, strict=True):
        path.write_text(text) if has_backup else path.unlink()
    made = make_key(operator)
    assert worker.find(made, NOW) and worker.find(lost[-1], NOW) is None
    assert (worker.find(kept, NOW) is not None) == has_backup
    operator.change(lambda keys: revoke_key(keys, made.split("_")[1], NOW))
    assert worker.find(made, NOW) is None and worker.describe_problem() == ""


def test_a_layout_of_another_release_is_told(store, tmp_path):
    make_key(store)
    assert len(store.read_all()) == 1
    written = store._file.read()[0]
    store._file.write(written._replace(number=written.number + 1, content=[{"id": "x"}]))
    assert "of another layout" in store.describe_problem()
    assert len(store.read_all()) == 1
    with pytest.raises(ValueError, match="of another layout"):
        make_key(store)
    assert json.loads(paths(tmp_path)[0].read_text())["state"]["content"] == [{"id": "x"}]


def test_a_worker_that_looks_now_and_then_is_never_open_for_want_of_a_look(store, tmp_path):
    text = make_key(store)
    seldom = FileKeys(tmp_path, look_every_seconds=3600)
    seldom._looks.is_due()  # another thread has been told to look, and has not yet
    assert not seldom.is_open()
    assert seldom.find(text, NOW).name == "shop"
    store.change(lambda keys: revoke_key(keys, text.split("_")[1], NOW))
    assert seldom.find(text, NOW), "the control: it has not looked again"
    seldom._looks.make_due()
    assert seldom.find(text, NOW) is None
