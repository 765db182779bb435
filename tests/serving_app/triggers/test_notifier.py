"""Each transition reaches an endpoint at least once with one id, in order per customer, whatever the endpoint
answers and whenever the process is killed; or it is a dead letter that can be sent again.
"""

import asyncio
from collections import defaultdict
from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving_app.storage.event_log import LogUnavailable
from serving_app.triggers.attempts import Attempt, Outcome
from serving_app.triggers.endpoints import DeclaredEndpoint, Endpoint
from serving_app.triggers.notification_queue import NotificationQueue
from serving_app.triggers.notifier import GIVE_UP_SECONDS, OPEN_SECONDS, Notifier
from tests.serving_app.triggers.endpoint_server import is_subsequence
from tests.serving_app.triggers.event_loops import run_apart
from tests.serving_app.triggers.transitions import SECRET, MemoryLog, make_transition

OK, REFUSED, FAILED = (Attempt(outcome, "why") for outcome in Outcome)
HOUR, DAY = 3_600, 86_400


class Run:
    """A notifier over a log, a queue on disk, an endpoint that `answer` speaks for, and a clock that moves
    only when there is nothing to do.

    Attributes:
        attempts: ids as the endpoint saw them, with the time.
        accepted: ids that it took, in order.
    """

    def __init__(self, folder, log, answer, **fields):
        self.file, self.log, self.answer, self.now = folder / "crm.sqlite", log, answer, 1_000.0
        self.declared = DeclaredEndpoint("crm", Endpoint(url="https://a.example", **fields), (SECRET,))
        self.attempts, self.accepted, self.under_way, self.most_under_way = [], [], defaultdict(int), 0
        self.start()

    def start(self):
        self.queue = NotificationQueue(self.file)
        self.queue._database.execute("pragma synchronous = off")  # of power cuts no test here tells
        self.notifier = Notifier(
            self.declared, self.log, self.queue, self.send, lambda: self.now, lambda: 0.5
        )

    async def send(self, notification):
        self.under_way[notification.customer_id] += 1
        self.most_under_way = max(self.most_under_way, *self.under_way.values())
        await asyncio.sleep(0)
        self.under_way[notification.customer_id] -= 1
        self.attempts.append((notification.transition_id, self.now))
        attempt = self.answer(notification)
        if attempt.outcome is Outcome.ACCEPTED:
            self.accepted.append(notification.transition_id)
        return attempt

    def go_on(self, until=None, steps=10_000):
        """Step until nothing waits, a moment, or so many steps."""

        async def go():
            for _ in range(steps):
                waits = await self.notifier.step()
                due = self.queue.find_next_due()
                if waits and due is None:
                    return
                if waits:  # at most a while, as an endpoint that is left alone is due all the same
                    self.now = max(self.now + OPEN_SECONDS / 3, due)
                    if until is not None and self.now >= until:
                        return
            await self.notifier.finish(0)

        run_apart(go())

    def kill(self):
        """What a kill leaves: the file, and what the log knows."""
        self.queue.close()
        self.start()

    def letters(self):
        return {letter.transition_id: letter.reason for letter in self.queue.list_dead_letters()}


@pytest.fixture
def begun(tmp_path):
    """A run whose endpoint was declared before anything was told."""

    def begin(answer=lambda _: OK, **fields):
        return Run(tmp_path, MemoryLog(), answer, **fields)

    return begin


def ids(transitions):
    return [each.transition_id for each in transitions]


def test_a_new_endpoint_begins_with_what_comes_from_now_on(tmp_path):
    log = MemoryLog([make_transition(1)])
    run = Run(tmp_path, log, lambda _: OK)
    run.go_on()
    run.kill()  # also when nothing had come before the end
    log.tell(make_transition(2))
    run.go_on()
    assert run.accepted == ids([make_transition(2)])


def test_what_comes_while_nobody_reads_an_empty_log_is_not_missed(begun):
    run = begun()
    run.queue.close()
    run.log.tell(make_transition(1))
    run.start()
    run.go_on()
    assert run.accepted == ids([make_transition(1)])


def test_a_log_that_is_away_keeps_nobody_waiting_who_is_queued(begun, monkeypatch):
    def is_away(*_):
        raise LogUnavailable("away")

    run = begun(lambda _: OK if run.log_is_away else REFUSED)
    run.log_is_away = False
    run.log.tell(make_transition(1), make_transition(2))
    with monkeypatch.context() as patch:
        patch.setattr(run.log, "commit_position", is_away)  # it goes away as it is told what was read
        run.go_on(steps=2)
        patch.setattr(run.log, "read_lines", is_away)
        run.log_is_away = True
        run.go_on()
    run.log.tell(make_transition(3))
    run.go_on()
    assert run.accepted == ids([make_transition(1), make_transition(2), make_transition(3)])


def test_only_what_is_wanted_is_sent_and_broken_lines_keep_nobody(begun):
    run = begun(segments=["vip"], types=["entered"])
    wanted = [make_transition(1), make_transition(4)]
    run.log.tell(wanted[0], make_transition(2, segment="lapsed"), make_transition(3, is_entered=False))
    run.log.append_lines([b"{", b"null"])
    run.log.tell(wanted[1])
    run.go_on()
    assert run.accepted == ids(wanted)


def test_delays_double_with_jitter_and_a_customer_waits_for_their_oldest(begun):
    transitions = [make_transition(1), make_transition(2), make_transition(3, "c_2")]
    first = transitions[0].transition_id
    run = begun(lambda each: REFUSED if each.transition_id == first and len(run.attempts) < 7 else OK)
    run.log.tell(*transitions)
    run.go_on()
    at = [moment for each, moment in run.attempts if each == first]
    # half of 2, 4, 8 … seconds, by a draw of 0.5; the clock of this run moves by 10 s at least
    assert [b - a for a, b in pairwise(at[3:])] == [10, 16][: len(at) - 4]
    assert run.accepted == ids([transitions[2], transitions[0], transitions[1]])


def test_the_endpoints_own_wish_is_respected(begun):
    answers = [Attempt(Outcome.FAILED, "status 429", 120.0), OK]
    run = begun(lambda _: answers.pop(0))
    run.log.tell(make_transition(1))
    run.go_on()
    (_, first), (_, second) = run.attempts
    assert second - first >= 120


def test_a_failing_endpoint_is_left_alone_and_woken_at_once(begun):
    """Half a minute passes between tries; once it answers, nobody waits for a delay of their own."""
    run = begun(lambda _: FAILED if run.now < 1_000 + HOUR else OK, parallel=4)
    run.log.tell(*(make_transition(n, f"c_{n}") for n in range(100)))
    run.go_on(until=1_000 + HOUR)
    n_failed = len(run.attempts)
    assert 8 <= n_failed <= 8 + HOUR / OPEN_SECONDS
    run.go_on()
    assert len(run.accepted) == 100
    assert max(moment for _, moment in run.attempts) - (1_000 + HOUR) <= 2 * OPEN_SECONDS


def test_after_a_day_one_is_a_dead_letter_and_the_next_has_its_turn(begun):
    transitions = [make_transition(1), make_transition(2)]
    bad = transitions[0].transition_id
    run = begun(lambda each: REFUSED if each.transition_id == bad else OK)
    run.log.tell(*transitions)
    run.go_on()
    assert run.letters() == {bad: "why"}
    assert run.accepted == ids(transitions[1:])
    last = max(moment for each, moment in run.attempts if each == bad)
    assert DAY <= last - 1_000 < DAY + HOUR
    assert run.queue.describe().n_waiting == 0


def test_an_endpoint_that_fails_for_a_day_keeps_no_queue(begun):
    run = begun(lambda _: FAILED)
    run.log.tell(*(make_transition(n, f"c_{n % 7}") for n in range(300)))
    run.go_on()
    assert len(run.letters()) == 300 and run.accepted == []
    assert run.now - 1_000 < DAY + HOUR
    # sent again, in the order in which they hold
    run.answer = lambda _: OK
    assert run.queue.replay(run.now) == 300
    run.now += OPEN_SECONDS
    run.go_on()
    assert sorted(run.accepted) == sorted(ids(make_transition(n, f"c_{n % 7}") for n in range(300)))
    for n in range(7):
        own = ids(make_transition(m, f"c_{n}") for m in range(300) if m % 7 == n)
        assert [each for each in run.accepted if each in own] == own


def test_a_day_without_the_service_makes_no_dead_letters(begun):
    run = begun()
    run.log.tell(make_transition(1))
    run_apart(run.notifier.step())
    answers = [FAILED, OK]
    run.answer = lambda _: answers.pop(0)
    run.log.tell(make_transition(2), make_transition(3, "c_2"))
    run_apart(run.notifier._fill())
    run.now += 3 * GIVE_UP_SECONDS
    run.kill()
    run.go_on()
    assert len(run.accepted) + len(run.letters()) == 3 and len(run.letters()) == 1


def test_dead_letters_are_forgotten_after_thirty_days(begun):
    run = begun(lambda _: REFUSED)
    run.log.tell(make_transition(1))
    run.go_on()
    assert len(run.letters()) == 1
    run.now += 29 * DAY
    run.go_on(steps=2)
    assert len(run.letters()) == 1
    run.now += 2 * DAY
    run.go_on(steps=2)
    assert run.letters() == {}


def test_an_attempt_that_breaks_is_tried_again(begun):
    def answer(_):
        if len(run.attempts) == 1:
            raise RuntimeError("unforeseen")
        return OK

    run = begun(answer)
    run.log.tell(make_transition(1))
    run.go_on()
    assert len(run.accepted) == 1


ANSWERS = st.sampled_from(["ok", "ok", "lost", "refused", "failed"])


@settings(max_examples=60, deadline=None)
@given(
    customers=st.lists(st.sampled_from("abc"), max_size=25),
    batches=st.lists(st.integers(1, 12), min_size=1, max_size=8),
    answers=st.lists(ANSWERS, max_size=60),
    parallel=st.integers(1, 5),
)
def test_each_at_least_once_in_order_however_often_it_is_killed(
    tmp_path_factory, customers, batches, answers, parallel
):
    """`lost`: the endpoint has taken it and the answer never came. A kill drops attempts under way."""
    transitions = [make_transition(n, f"c_{customer}") for n, customer in enumerate(customers)]
    left, taken = list(answers), []

    def answer(notification):
        kind = left.pop(0) if left else "ok"
        if kind in ("ok", "lost"):
            taken.append(notification.transition_id)
        return {"ok": OK, "lost": FAILED, "refused": REFUSED, "failed": FAILED}[kind]

    run = Run(tmp_path_factory.mktemp("queue"), MemoryLog(), answer, parallel=parallel)
    told = iter(transitions)
    for steps in batches:
        run.log.tell(*islice(told, steps))
        run.go_on(steps=steps)
        if steps % 2:  # as a log does that forgets them
            run.log.positions = {}
        run.kill()
    run.log.tell(*told)
    run.go_on()
    assert set(taken) == set(ids(transitions)) and run.letters() == {}
    assert run.most_under_way <= 1
    for customer in "abc":
        own = ids(each for each in transitions if each.customer_id == f"c_{customer}")
        assert is_subsequence([each for each in taken if each in own], own)
