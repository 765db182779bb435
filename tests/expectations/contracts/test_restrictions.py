"""What must hold now: newest word wins and a tie is a no, whoever writes in whatever order; damage is told
and never a yes.
"""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.contracts.restrictions import (
    CONSENTS,
    ITEMS,
    Permission,
    RestrictionsUnreadable,
    RestrictionView,
    find_newest_permission,
    merge_permissions,
)
from expectations.contracts.restrictions_store import RestrictionDatabase

START = datetime(2026, 1, 5, tzinfo=UTC)
# hour, granted, heard live
WORDS = st.lists(st.tuples(st.integers(0, 4), st.booleans(), st.booleans()), max_size=8)


def at(hour: int) -> datetime:
    return START + timedelta(hours=hour)


def oracle(words) -> bool:
    """The rule once more, by sorting: allowed unless the last hour in which anything was said holds a no."""
    hours = sorted({hour for hour, granted in words})
    return not hours or all(granted for hour, granted in words if hour == hours[-1])


@settings(max_examples=150)
@given(WORDS, st.integers(0, 7), st.randoms())
def test_what_holds_is_the_oracles_answer_in_any_order(words, n_before, random):
    """Some words are heard live before a night and some after it; the night knows those that were not heard
    live.
    """
    known = [Permission(granted, at(hour), "crm", False) for hour, granted, is_live in words if not is_live]
    live = [Permission(granted, at(hour), "page") for hour, granted, is_live in words if is_live]
    random.shuffle(live)
    held: dict[str, Permission] = {}

    def hear(word):
        if "ann" not in held or find_newest_permission([held["ann"], word]) is word:
            held["ann"] = word

    for word in live[:n_before]:
        hear(word)
    for _ in range(2):  # a night may be repeated
        night = find_newest_permission(known)
        held = merge_permissions(held, {"ann": night} if night else {})
    for word in live[n_before:]:
        # What is absent was allowed by the night: a live no that is older than the night's yes must not come
        # after it.
        hear(word)
    night = find_newest_permission(known)
    held = merge_permissions(held, {"ann": night} if night else {})
    allowed = RestrictionView(lambda kind, name: held.get(name), lambda name: None).may_be_personal(
        ["ann"], 0
    )
    assert allowed == oracle([(hour, granted) for hour, granted, _ in words])


@pytest.fixture
def store(tmp_path):
    return RestrictionDatabase.create(tmp_path / "restrictions")


def test_a_word_is_known_to_the_next_view_of_another_handle(store, tmp_path):
    other = RestrictionDatabase(tmp_path / "restrictions")
    store.record_permission(CONSENTS, ["i_1", "c_1"], Permission(False, at(3), "page"))
    with other.open_view() as view:
        assert not view.may_be_personal(["i_1"], 0) and view.may_be_personal(["i_2"], 0)
    store.record_permission(CONSENTS, ["i_1"], Permission(True, at(2), "page"))
    store.record_permission(CONSENTS, ["i_1"], Permission(True, at(3), "page"))
    with other.open_view() as view:
        assert not view.may_be_personal(["i_1"], 0), "neither an older yes nor one as old takes a no back"
    store.record_permission(CONSENTS, ["i_1"], Permission(True, at(4), "page"))
    with other.open_view() as view:
        assert view.may_be_personal(["i_1"], 0) and view.may_be_personal(["i_1", "c_1"], 0), (
            "of somebody's ids the newest word"
        )
        assert not view.may_be_personal(["c_1"], 0)


def test_a_night_replaces_what_earlier_nights_wrote_and_nothing_newer(store):
    long_id = "x" * 5000
    store.write_run_permissions(
        {
            ITEMS: {
                "mug": Permission(False, at(1), "catalogue", False),
                long_id: Permission(False, at(1), "catalogue", False),
            }
        },
        {},
    )
    store.record_permission(ITEMS, ["bowl"], Permission(False, at(9), "till"))
    store.record_permission(ITEMS, ["cup"], Permission(False, at(1), "till"))
    night = {name: Permission(name == "cup", at(5), "catalogue", False) for name in ("cup", long_id)}
    store.write_run_permissions({ITEMS: night}, {})
    with store.open_view() as view:
        shown = {name: view.may_be_shown(name) for name in ("mug", "bowl", "cup", long_id, "", "vase")}
    assert shown == {"mug": True, "bowl": False, "cup": True, long_id: False, "": True, "vase": True}


def test_who_was_parted_is_nobody_until_a_snapshot_knows(store):
    store.write_run_permissions({}, {"i_x": 7, "c_1": 7})
    with store.open_view() as view:
        known = {version: view.may_be_personal(["i_x"], version) for version in (-1, 6, 7, 8)}
    assert known == {-1: False, 6: False, 7: True, 8: True}


@pytest.mark.parametrize("damage", ["cut", "flipped", "deleted", "exchanged", "emptied"])
def test_damage_is_told(store, tmp_path, damage):
    store.write_run_permissions(
        {CONSENTS: {f"i_{n}": Permission(False, at(n % 5), "web/events", False) for n in range(500)}}, {}
    )
    file = tmp_path / "restrictions" / "data.mdb"
    whole = file.read_bytes()
    if damage == "cut":
        file.write_bytes(whole[:8192])
    elif damage == "emptied":
        file.write_bytes(b"")
    elif damage == "flipped":
        file.write_bytes(whole.replace(b"/i_250", b"/i_950"))
    elif damage == "deleted":
        file.unlink()
    else:
        other = RestrictionDatabase.create(tmp_path / "other")
        (tmp_path / "other" / "data.mdb").rename(file)
        del other
    with pytest.raises(RestrictionsUnreadable):
        if damage == "flipped":
            store.verify()
        else:
            with store.open_view():
                pass


def test_a_store_that_was_cut_anywhere_is_refused_and_ends_no_process(store, tmp_path):
    """Opened by a process that starts: a page beyond the end would end it by a signal."""
    store.record_permission(CONSENTS, [f"i_{n}" for n in range(500)], Permission(False, at(1), "page"))
    whole = (tmp_path / "restrictions" / "data.mdb").read_bytes()
    for n_pages in range(len(whole) // 4096):
        cut = tmp_path / f"cut-{n_pages}"
        cut.mkdir()
        (cut / "data.mdb").write_bytes(whole[: n_pages * 4096])
        if n_pages == 0:
            continue  # LMDB makes an empty file anew
        with pytest.raises(RestrictionsUnreadable):
            RestrictionDatabase(cut)


def test_bytes_that_nobody_wrote_are_not_read(store, tmp_path):
    """In place and while it is open: what is read then may end the process by a signal."""
    store.record_permission(CONSENTS, [f"i_{n}" for n in range(500)], Permission(False, at(1), "page"))
    data = tmp_path / "restrictions" / "data.mdb"
    with data.open("r+b") as file:
        file.seek(2 * 4096)
        file.write(bytes(40))
    assert not store.is_intact()
    with pytest.raises(RestrictionsUnreadable), store.open_view():
        pass


def test_what_another_process_writes_is_no_damage(store, tmp_path):
    script = (
        "import sys; from datetime import UTC, datetime; from pathlib import Path;from"
        " expectations.contracts.restrictions import CONSENTS, Permission;from"
        " expectations.contracts.restrictions_store import RestrictionDatabase;store ="
        " RestrictionDatabase(Path(sys.argv[1]));no = Permission(False, datetime(2026, 1, 5, tzinfo=UTC),"
        " 'page');[store.record_permission(CONSENTS, [f'i_{n}'], no) for n in range(20)]"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "restrictions")]
    with subprocess.Popen(command, cwd=Path(__file__).parents[3]) as other:
        while other.poll() is None:
            assert store.is_intact()
    assert other.returncode == 0
    with store.open_view() as view:
        assert not view.may_be_personal(["i_19"], -1)


def test_a_file_that_grows_while_it_is_looked_at_is_no_damage(store, tmp_path, monkeypatch):
    """CI met it on 2026-11-29: the length of before a transaction, compared with the pages of after it."""
    other, stat = RestrictionDatabase(tmp_path / "restrictions"), os.stat
    grown = []

    def stat_then_grow(path):
        found = stat(path)
        if not grown:
            grown.append(found.st_size)
            no = Permission(False, START, "page")
            other.record_permissions(CONSENTS, {f"i_{n}": no for n in range(2_000)})
        return found

    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", stat_then_grow)
        is_intact = store.is_intact()
    assert is_intact
    assert stat(tmp_path / "restrictions" / "data.mdb").st_size > grown[0]


def test_one_that_seldom_looks_at_its_file_knows_every_no(tmp_path):
    store = RestrictionDatabase.create(tmp_path / "restrictions")
    seldom = RestrictionDatabase(tmp_path / "restrictions", look_every_seconds=3600)
    with seldom.open_view() as view:
        assert view.may_be_personal(["i_1"], 1)
    store.record_permission("consents", ["i_1"], Permission(False, START, "x"))
    with seldom.open_view() as view:
        assert not view.may_be_personal(["i_1"], 1)


def test_a_look_that_finds_another_file_is_made_again_at_once(tmp_path):
    RestrictionDatabase.create(tmp_path / "restrictions")
    seldom = RestrictionDatabase(tmp_path / "restrictions", look_every_seconds=3600)
    assert seldom.was_intact_lately()
    RestrictionDatabase.create(tmp_path / "restrictions")
    assert seldom.was_intact_lately(), "the control: it has not looked again"
    seldom._looks.make_due()
    assert not seldom.was_intact_lately()
    assert not seldom.was_intact_lately()
