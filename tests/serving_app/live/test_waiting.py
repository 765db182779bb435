"""What waits in a worker's memory is bounded, in order, and what is dropped is counted."""

from serving_app.live.waiting import WaitingQueue
from serving_app.metrics import declarations as metrics


def count_dropped(kind: str) -> float:
    return metrics.DROPPED.labels(kind=kind)._value.get()


def test_the_oldest_make_room_and_are_counted():
    queue, before = WaitingQueue("events", 3), count_dropped("events")
    queue.add([1, 2])
    queue.add([3, 4, 5])
    assert count_dropped("events") == before + 2
    assert queue.pop_oldest(2) == [3, 4] and len(queue) == 1


def test_what_is_put_back_goes_first_and_makes_room_first():
    queue, before = WaitingQueue("lists", 3), count_dropped("lists")
    queue.add([1, 2, 3])
    taken = queue.pop_oldest(2)
    queue.put_back(taken)
    assert queue.pop_oldest(9) == [1, 2, 3] and queue.pop_oldest(1) == []
    queue.add([4, 5])
    queue.put_back([1, 2, 3])
    assert queue.pop_oldest(9) == [3, 4, 5]
    assert count_dropped("lists") == before + 2
