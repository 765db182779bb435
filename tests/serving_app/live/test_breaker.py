"""What is away is asked once a second, and is used again when it is back."""

import pytest

from serving_app.live.backends import BackendError
from serving_app.live.breaker import CircuitBreaker, GuardedBackend


class Seconds:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class Backend:
    """Fails while it is told to, after so many seconds; counts what it is asked."""

    def __init__(self, seconds):
        self.seconds, self.reason, self.takes, self.n_calls = seconds, "", 0.0, 0

    def read(self, keys):
        self.n_calls += 1
        self.seconds.now += self.takes
        if self.reason:
            raise BackendError(self.reason)
        return [b"1" for _ in keys]

    def update(self, change, is_patient):
        self.read([])


@pytest.fixture
def seconds():
    return Seconds()


@pytest.fixture
def backend(seconds):
    return Backend(seconds)


@pytest.fixture
def guarded(backend, seconds):
    return GuardedBackend(backend, seconds, slow_seconds=0.06)


def ask(guarded, n_times=1):
    """How many of the reads were answered."""
    n_answered = 0
    for _ in range(n_times):
        try:
            guarded.read([b"s/x"])
            n_answered += 1
        except BackendError:
            pass
    return n_answered


def test_what_fails_is_not_asked_again_for_a_second(guarded, backend, seconds):
    backend.reason = "refused"
    assert ask(guarded, 100) == 0 and backend.n_calls == 3
    seconds.now += 0.99
    assert ask(guarded, 100) == 0 and backend.n_calls == 3
    seconds.now += 0.01
    assert ask(guarded, 100) == 0 and backend.n_calls == 4  # one tries, and fails
    assert guarded.describe_problem() == "refused"


def test_it_is_used_again_when_it_is_back(guarded, backend, seconds):
    backend.reason = "refused"
    ask(guarded, 10)
    backend.reason = ""
    assert ask(guarded) == 0  # nobody has looked yet
    seconds.now += 1
    assert ask(guarded, 50) == 50 and guarded.describe_problem() == ""


def test_a_failure_now_and_then_changes_nothing(guarded, backend):
    for _ in range(20):
        backend.reason = "lost connection"
        assert ask(guarded, 2) == 0
        backend.reason = ""
        assert ask(guarded, 2) == 2


def test_what_is_slow_has_failed(guarded, backend):
    backend.takes = 0.061
    assert ask(guarded, 100) == 3  # its answers are used, and then it is left alone
    assert guarded.describe_problem() == "the live states cannot be used: they are slow"
    assert backend.n_calls == 3


def test_what_nobody_waits_for_may_be_slow(guarded, backend):
    backend.takes = 0.5
    for _ in range(5):
        guarded.update(lambda txn: None, is_patient=True)
    assert guarded.describe_problem() == ""
    for _ in range(3):
        guarded.update(lambda txn: None)
    with pytest.raises(BackendError):
        guarded.update(lambda txn: None, is_patient=True)


def test_what_cannot_be_written_is_still_read(guarded, backend):
    backend.reason = "read only"
    for _ in range(5):
        with pytest.raises(BackendError):
            guarded.update(lambda txn: None)
    backend.reason = ""
    assert ask(guarded, 5) == 5 and guarded.describe_problem() == "read only"


def test_only_one_of_many_tries(seconds):
    breaker = CircuitBreaker(seconds)
    for _ in range(3):
        assert breaker.may_call()
        breaker.note_failure()
    seconds.now += 1
    assert [breaker.may_call() for _ in range(5)] == [True, False, False, False, False]
    seconds.now += 1  # the one that tried has never come back
    assert breaker.may_call()
