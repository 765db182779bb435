"""`make webhooks`: how endpoints stand, and dead letters that are sent again or dropped."""

import os
import sqlite3
from datetime import UTC, datetime

import pytest

from expectations.contracts.files import LookTimer
from expectations.contracts.home import HomePaths
from expectations.contracts.transitions import encode_transition, format_moment
from operate import webhooks as program
from operate.segments import split_typed
from serving_app.storage.append_log import AppendLog
from serving_app.triggers.notification_queue import NotificationQueue
from serving_app.triggers.readings import make_readings
from tests.serving_app.triggers.transitions import SECRET, make_transition

NOON = 1_770_034_000.0
AT = datetime.fromtimestamp(NOON + 60, UTC)


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    for name in list(os.environ):
        if name.startswith("CONCIERGE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("CONCIERGE_HOME", str(tmp_path))
    monkeypatch.setenv("CONCIERGE_TRIGGER_SECRETS", f"crm:{SECRET}")
    (tmp_path / "triggers.yml").write_text(
        "endpoints:\n  crm: {url: 'https://a.example/x', segments: [vip]}\n  mail: {url: 'https://b.example'}\n"
    )

    def call(*args):
        status = program.main([*args])
        out, err = capsys.readouterr()
        return status, out.strip(), err.strip()

    call.paths = HomePaths(tmp_path)
    return call


@pytest.fixture
def queue(run):
    """Three dead letters of one customer, of which the newest in time died first, and one that waits."""
    queue = NotificationQueue(run.paths.notification_queue("crm"))
    queue.add([make_transition(3), make_transition(1), make_transition(2), make_transition(9, "c_2")], NOON)
    for died_at in (NOON + 1, NOON + 2, NOON + 3):
        [dead] = [each for each in queue.list_due(NOON + 9, 9) if each.customer_id == "c_1"]
        queue.settle(dead=[(dead, "status 500")], now=died_at)
    return queue


def test_a_line_for_each_endpoint(run, queue):
    queue.note_failing(NOON)
    status, out, err = run("list")
    crm, mail = out.splitlines()[1:]
    assert status == 0
    assert crm.split() == [
        *("crm", "1", "2026-02-02", "12:06:40", "2026-02-02", "12:06:40", "3", "https://a.example/x")
    ]
    assert mail.split() == ["mail", "0", "0", "https://b.example"]
    assert err == "does not work: CONCIERGE_TRIGGER_SECRETS has no mail:whsec_…"


def test_a_queue_of_an_endpoint_that_is_declared_no_more_is_named(run, queue):
    run.paths.triggers.write_text("endpoints:\n  mail: {url: 'https://b.example'}\n")
    assert "crm is declared no more: 1 wait and 3 are dead; declare it again, or delete" in run("list")[2]


def test_dead_letters_are_named_and_replayed_in_their_order(run, queue):
    status, out, _ = run("list", "crm")
    rows = out.splitlines()[1:]
    assert status == 0 and [row.split()[0] for row in rows] == [
        make_transition(n).transition_id for n in (2, 1, 3)
    ]
    assert all("status 500" in row and " vip " in row for row in rows)
    assert run("replay", "crm")[1].startswith("3 notifications are queued again")
    assert queue.list_dead_letters() == []
    order = []
    while due := [each for each in queue.list_due(2 * NOON, 9) if each.customer_id == "c_1"]:
        order.append(due[0].transition_id)
        queue.settle(accepted=due)
    assert order == [make_transition(n).transition_id for n in (1, 2, 3)]


def test_some_are_replayed_and_others_dropped(run, queue):
    two, three = make_transition(2).transition_id, make_transition(3).transition_id
    assert run("replay", "crm", two, "no-such-id")[1].startswith("1 notifications")
    assert run("drop", "crm", three)[1] == "1 dead letters are deleted"
    assert [each.transition_id for each in queue.list_dead_letters()] == [make_transition(1).transition_id]
    assert run("drop", "crm")[1] == "1 dead letters are deleted"
    assert run("list", "crm")[1] == "crm has no dead letters"


def test_the_log_is_replayed_from_a_moment_on(run, queue):
    log = AppendLog(run.paths.transitions, lambda: AT, lambda: "w")
    told = [make_transition(n, "c_3", segment) for n, segment in enumerate(("vip", "vip", "new", "vip"))]
    log.append_lines([b"no transition", *(encode_transition(each) for each in told)])
    since = format_moment(told[1].told_at)
    assert run("replay", "crm", "--since", since)[1].startswith("2 notifications")
    assert run("replay", "crm", "--since", since)[1].startswith("0 notifications"), "each waits once"
    assert queue.describe().n_waiting == 1 + 2


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["list", "nobody"], "there is no endpoint nobody; there are: crm, mail"),
        (["list", "mail"], "nothing was queued for mail yet"),
        (["replay", "crm", "--since", "yesterday"], "--since takes a moment"),
        (["replay", "crm", "an-id", "--since", "2026-01-01"], "give ids of dead letters, or --since"),
    ],
)
def test_what_cannot_be_done_is_said(run, queue, args, words):
    status, _, err = run(*args)
    assert status == 2 and words in err


def test_a_home_without_endpoints_says_so(run):
    run.paths.triggers.unlink()
    assert run("list")[1] == "triggers.yml of the home declares no endpoint"


def test_a_secret_is_one_that_the_settings_take(run, monkeypatch):
    status, secret, _ = run("secret")
    monkeypatch.setenv("CONCIERGE_TRIGGER_SECRETS", f"crm:{secret},mail:{secret}")
    assert (status, run("list")[2]) == (0, "")


def test_nothing_typed_lists():
    assert split_typed(["--typed="], "list") == ["list"]


def test_metrics_say_the_same(run, queue):
    readings = make_readings(run.paths.notification_queues, lambda: AT, LookTimer())
    queue.note_failing(NOON)
    assert {name: reading.read() for name, reading in readings.items()} == {
        "concierge_notifications_waiting": 1,
        "concierge_notification_age_seconds": 60.0,
        "concierge_dead_letters": 3,
        "concierge_endpoints_failing": 1,
    }
    (run.paths.notification_queues / "broken.sqlite").write_bytes(b"no database" * 100)
    assert readings["concierge_dead_letters"].read() == 3
    with sqlite3.connect(run.paths.notification_queues / "odd.sqlite") as odd:  # opens, and cannot be asked
        odd.execute("create table notifications (number integer, transition_id, customer_id, queued_at)")
        odd.execute("create table dead_letters (transition_id)")
        odd.execute("create table heads (due_at, number)")
        odd.execute("create table facts (other)")
    odd.close()
    assert readings["concierge_dead_letters"].read() == 3
    assert not (run.paths.notification_queues / "broken.sqlite-wal").exists()  # nothing is made by a look
    of_one_look = make_readings(run.paths.notification_queues, lambda: AT, LookTimer(60, lambda: 0.0))
    assert of_one_look["concierge_endpoints_failing"].read() == 1
    queue.note_failing(None)
    assert of_one_look["concierge_endpoints_failing"].read() == 1
    assert readings["concierge_endpoints_failing"].read() == 0
    empty = make_readings(run.paths.notification_queues / "none", lambda: AT)
    assert [reading.read() for reading in empty.values()] == [0, 0.0, 0, 0]
