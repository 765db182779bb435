"""Which items were hidden when, as clients of the service may know it."""

import threading
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Counts:
    """What the clients met.

    Attributes:
        snapshots: that answers named.
        violations: answers with an item that was hidden, in words: at most a few.
        resets: connections that broke.
    """

    n_answers: int = 0
    n_items: int = 0
    n_violations: int = 0
    resets: int = 0
    snapshots: set[str] = field(default_factory=set)
    violations: list[str] = field(default_factory=list)


class HiddenBooks:
    """From the acknowledgement of a hide until the show is sent, an item is hidden: an answer that was asked
    for and received within that time may not hold it. Times are seconds of one clock.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spans: dict[str, list[tuple[float, float]]] = defaultdict(list)
        self._since: dict[str, float] = {}
        self.n_hides = self.n_shows = 0

    def hide(self, item_id: str, acknowledged_at: float) -> None:
        """Note that an item is hidden."""
        with self._lock:
            self._since[item_id] = acknowledged_at
            self.n_hides += 1

    def show(self, item_id: str, sent_at: float) -> None:
        """Note that an item may be shown again from now on."""
        with self._lock:
            self._spans[item_id] = [*self._spans[item_id][-3:], (self._since.pop(item_id), sent_at)]
            self.n_shows += 1

    def list_hidden(self) -> list[str]:
        """The items that are hidden now."""
        with self._lock:
            return list(self._since)

    def find_violations(self, item_ids: Iterable[str], asked_at: float, answered_at: float) -> list[str]:
        """The items of an answer that were hidden all the while."""
        with self._lock:
            return [
                item_id
                for item_id in item_ids
                if self._since.get(item_id, answered_at) < asked_at
                or any(
                    since < asked_at and answered_at < until for since, until in self._spans.get(item_id, ())
                )
            ]
