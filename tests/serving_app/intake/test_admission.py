"""More events than can be stored: the answer is 429 at once, no event of it was looked at, and it passes."""

import threading

import pytest

from serving_app.http.problems import TooManyRequests
from serving_app.intake.admission import MOST_AT_ONCE, REFUSE_SECONDS, Admission
from serving_app.storage.append_log import AppendLog
from tests.serving_app.intake.sent_events import log_records, outcomes, send, viewed


class Timer:
    """Seconds, until a test says otherwise."""

    now = 0.0

    def __call__(self):
        return self.now


def test_so_many_at_once_and_no_more():
    admission = Admission(most=2, patience_seconds=0)
    with admission.admit(), admission.admit(), pytest.raises(TooManyRequests), admission.admit():
        pass
    with admission.admit():
        pass


def test_a_burst_waits_a_moment():
    admission, inside, leave = Admission(most=1, patience_seconds=30), threading.Event(), threading.Event()

    def work():
        with admission.admit():
            inside.set()
            leave.wait(30)

    thread = threading.Thread(target=work)
    thread.start()
    assert inside.wait(30)
    threading.Timer(0.01, leave.set).start()
    with admission.admit():
        pass
    thread.join()


def test_after_a_wait_in_vain_nobody_waits(monkeypatch):
    timer = Timer()
    admission = Admission(most=1, patience_seconds=0, clock=timer)
    waits, acquire = [], admission._free.acquire
    monkeypatch.setattr(
        admission._free, "acquire", lambda **how: (waits.append("timeout" in how), acquire(**how))[1]
    )
    with admission.admit():
        waits.clear()
        for _ in range(3):
            with pytest.raises(TooManyRequests), admission.admit():
                pass
        assert waits == [False, True, False, False], "one waited, two heard it at once"
        timer.now += REFUSE_SECONDS
        with pytest.raises(TooManyRequests), admission.admit():
            pass
        assert waits[-2:] == [False, True], "and later one tries again"
    with admission.admit():
        pass


def test_a_disk_that_hangs_is_no_reason_to_hang_all(shop, monkeypatch):
    """Requests inside wait for the disk; the next one hears 429, a list is answered, and none is lost."""
    hangs, waiting = threading.Event(), threading.Semaphore(0)
    real = AppendLog.append_lines

    def append_lines(self, *args):
        waiting.release()
        assert hangs.wait(30)
        real(self, *args)

    monkeypatch.setattr(AppendLog, "append_lines", append_lines)
    answers = []
    threads = [
        threading.Thread(target=lambda n=n: answers.append(send(shop, viewed(f"m-{n}"))))
        for n in range(MOST_AT_ONCE)
    ]
    for thread in threads:
        thread.start()
        assert waiting.acquire(timeout=30)
    refused = send(shop, viewed("m-refused"))
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    assert shop.client.get("/v1/customers/c_regular").status_code == 200
    hangs.set()
    for thread in threads:
        thread.join()
    assert [outcomes(answer) for answer in answers] == [[("accepted", None)]] * MOST_AT_ONCE
    assert sorted(one["messageId"] for one in log_records(shop)) == [f"m-{n}" for n in range(MOST_AT_ONCE)]
    assert outcomes(send(shop, viewed("m-refused"))) == [("accepted", None)]
