"""Of a customer the oldest notification is the head, whatever is added, settled, buried and replayed; every
notification is waiting, accepted or dead, and none is two of these.
"""

import sqlite3
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from serving_app.triggers.notification_queue import NotificationQueue
from tests.serving_app.triggers.transitions import make_transition


class QueueMachine(RuleBasedStateMachine):
    """A queue beside a model of it: lists of ids by customer, and sets."""

    def __init__(self):
        super().__init__()
        self.queue, self.now, self.number = NotificationQueue(Path(":memory:")), 1.0, 0
        self.waiting, self.since, self.dead, self.accepted = {}, {}, {}, set()

    @rule(customers=st.lists(st.sampled_from("abc"), max_size=4))
    def add(self, customers):
        transitions = []
        for customer in customers:
            self.number += 1
            transitions.append(make_transition(self.number, customer))
        assert self.queue.add([*transitions, *transitions], self.now) == len(transitions)
        for each in transitions:
            self.waiting.setdefault(each.customer_id, []).append(each.transition_id)
            self.since[each.transition_id] = (each.since, self.now, each.customer_id)

    @rule(kind=st.sampled_from(["accepted", "delayed", "dead"]), most=st.integers(1, 4))
    def settle(self, kind, most):
        due = self.queue.list_due(self.now, most)
        for each in due:
            assert self.waiting[each.customer_id][0] == each.transition_id
        if kind == "accepted":
            self.queue.settle(accepted=due, now=self.now)
            self.accepted |= {self.waiting[each.customer_id].pop(0) for each in due}
        elif kind == "dead":
            self.queue.settle(dead=[(each, "why") for each in due], now=self.now)
            self.dead |= {self.waiting[each.customer_id].pop(0): self.now for each in due}
        else:
            self.queue.settle(delayed=[(each, self.now + 5) for each in due], now=self.now)

    @rule(age=st.integers(0, 6))
    def bury(self, age):
        self.queue.bury_older(self.now - age, self.now, "why")
        for ids in self.waiting.values():
            old = [each for each in ids if self.since[each][1] <= self.now - age]
            self.dead |= dict.fromkeys(old, self.now)
            ids[:] = [each for each in ids if each not in old]

    @rule(share=st.sampled_from([None, 2]))
    def replay(self, share):
        ids = None if share is None else sorted(self.dead)[::share]
        again = sorted(self.dead if ids is None else ids, key=lambda each: self.since[each][0])
        assert self.queue.replay(self.now, ids) == len(again)
        for each in again:
            del self.dead[each]
            since, _, customer = self.since[each]
            self.since[each] = (since, self.now, customer)
            self.waiting[customer].append(each)

    @rule(age=st.integers(0, 6))
    def drop(self, age):
        gone = [each for each, died_at in self.dead.items() if died_at < self.now - age]
        assert self.queue.delete_dead_letters(before=self.now - age) == len(gone)
        for each in gone:
            del self.dead[each]

    @rule(seconds=st.integers(1, 4), wakes=st.booleans())
    def pass_time(self, seconds, wakes):
        self.now += seconds
        if wakes:
            self.queue.wake(self.now)
            heads = {ids[0] for ids in self.waiting.values() if ids}
            assert {each.transition_id for each in self.queue.list_due(self.now, 9)} == heads

    @invariant()
    def everything_is_somewhere_once(self):
        state = self.queue.describe()
        assert state.n_waiting == sum(map(len, self.waiting.values()))
        assert {each.transition_id for each in self.queue.list_dead_letters()} == set(self.dead)
        assert (self.queue.find_next_due() is None) == (state.n_waiting == 0)

    def teardown(self):
        self.now += 100
        for _ in range(self.number):
            self.settle("accepted", 4)
            self.now += 1
        assert not any(self.waiting.values())
        self.queue.close()


QueueMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestQueue = QueueMachine.TestCase


def test_a_change_that_breaks_changes_nothing(tmp_path):
    queue = NotificationQueue(tmp_path / "crm.sqlite")

    def break_off():
        yield make_transition(1)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        queue.add(break_off(), 1.0)
    assert queue.describe().n_waiting == 0
    assert queue.add([make_transition(1)], 1.0) == 1


def test_two_programs_use_one_file(tmp_path, monkeypatch):
    monkeypatch.setattr("serving_app.triggers.notification_queue.WAIT_SECONDS", 0.01)
    one, other = (NotificationQueue(tmp_path / "crm.sqlite") for _ in range(2))
    one.add([make_transition(1)], 1.0)
    assert [each.customer_id for each in other.list_due(1.0, 9)] == ["c_1"]
    with one._change(), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.wake(1.0)
    other.wake(1.0)


def test_a_file_that_is_damaged_is_said(tmp_path):
    (tmp_path / "crm.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(sqlite3.DatabaseError):
        NotificationQueue(tmp_path / "crm.sqlite")
