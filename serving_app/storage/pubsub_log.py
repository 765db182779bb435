"""An `EventLog` in a topic of Google Cloud Pub/Sub, read through one subscription.

Pub/Sub keeps no offsets: a subscription gives what is not acknowledged, again and again. So an offset counts
what this process has received, what is behind the committed position is given anew after a restart, and each
consumer needs a subscription, and a log, of its own. Topic and subscription must exist, the subscription with
`enable_message_ordering`: then lines of one key arrive in order.

The client finds its credentials as it always does (`GOOGLE_APPLICATION_CREDENTIALS`).
"""

import threading
from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from serving_app.storage.event_log import START, LogLine, LogUnavailable, Position

if TYPE_CHECKING:
    from google.pubsub_v1 import PublisherClient, SubscriberClient

PATIENCE_SECONDS = 1.0
READ_SECONDS = 1.0
LINES_A_REQUEST = 100  # Pub/Sub takes 10 MB: of the longest events so many


class _Received(NamedTuple):
    """A line that is not acknowledged, by its number among those received."""

    number: int
    ack_id: str
    line: bytes


class PubSubLog:
    """The log of one topic, read through one subscription. It must not be used across a fork."""

    def __init__(
        self,
        topic: str,
        subscription: str,
        patience_seconds: float = PATIENCE_SECONDS,
        emulator: str = "",
    ) -> None:
        """
        Args:
            topic: `projects/<project>/topics/<name>`.
            subscription: `projects/<project>/subscriptions/<name>`, this consumer's own.
            emulator: `host:port` of one that takes the place of Google's servers; empty: none.
        """
        self._emulator = emulator
        self._topic, self._subscription, self._patience = topic, subscription, patience_seconds
        self._lock, self._connect_lock = threading.Lock(), threading.Lock()
        self._clients: tuple[PublisherClient, SubscriberClient] | None = None
        self._received: list[_Received] = []
        self._n_received = 0
        self._problem = ""

    def append_lines(
        self, lines: Sequence[bytes], day: date | None = None, keys: Sequence[bytes] | None = None
    ) -> None:
        """Write lines, each ordered behind others of its key; all are stored when this returns.

        Raises:
            LogUnavailable: some are not.
        """
        from google.api_core.exceptions import GoogleAPIError

        publisher, _ = self._get_clients()
        try:
            for messages in pack_requests(lines, keys or [b""] * len(lines)):
                publisher.publish(
                    request={"topic": self._topic, "messages": messages}, timeout=self._patience, retry=None
                )
        except GoogleAPIError as error:
            self._problem = f"Pub/Sub does not take lines: {error}"
            raise LogUnavailable(self._problem) from error
        self._problem = ""

    def read_lines(self, position: Position, most: int) -> list[LogLine]:
        """The lines behind a position, at most `most` of them: those that this process has received and not
        committed, then new ones.

        Raises:
            LogUnavailable: the subscription cannot be read now.
        """
        with self._lock:
            behind = position.get(self._subscription, 0)
            unread = [one for one in self._received if one.number > behind]
            if len(unread) < most:
                unread += self._pull(most - len(unread))
        return [LogLine(one.line, self._subscription, one.number) for one in unread[:most]]

    def find_end(self) -> Position:
        """The position behind all that this process has received: of what else there is it knows nothing."""
        return {self._subscription: self._n_received}

    def commit_position(self, consumer: str, position: Position) -> None:
        """Acknowledge lines up to a position: they are given nobody again.

        Raises:
            LogUnavailable: Pub/Sub does not answer.
        """
        from google.api_core.exceptions import GoogleAPIError

        with self._lock:
            read = [one for one in self._received if one.number <= position.get(self._subscription, 0)]
            for start in range(0, len(read), LINES_A_REQUEST):
                ack_ids = [one.ack_id for one in read[start : start + LINES_A_REQUEST]]
                request = {"subscription": self._subscription, "ack_ids": ack_ids}
                try:
                    self._get_clients()[1].acknowledge(request=request, timeout=READ_SECONDS)
                except GoogleAPIError as error:
                    raise LogUnavailable(f"Pub/Sub cannot be told what was read: {error}") from error
            self._received = [one for one in self._received if one not in read]

    def get_position(self, consumer: str) -> Position:
        """`START`: the subscription itself knows what is acknowledged."""
        return START

    def describe_problem(self) -> str:
        """Why lines cannot be written, as the last append found it; empty when they can."""
        return self._problem

    def rotate(self, *, is_forced: bool = False) -> None:
        """Nothing is to be kept up."""

    def _pull(self, most: int) -> list[_Received]:
        from google.api_core.exceptions import DeadlineExceeded, GoogleAPIError

        request = {"subscription": self._subscription, "max_messages": most}
        try:
            answer = self._get_clients()[1].pull(request=request, timeout=READ_SECONDS, retry=None)
        except DeadlineExceeded:  # nothing came
            return []
        except GoogleAPIError as error:
            raise LogUnavailable(f"Pub/Sub cannot be read: {error}") from error
        received = [
            _Received(number, message.ack_id, message.message.data)
            for number, message in enumerate(answer.received_messages, self._n_received + 1)
        ]
        self._n_received += len(received)
        self._received += received
        return received

    def _get_clients(self) -> tuple["PublisherClient", "SubscriberClient"]:
        with self._connect_lock:
            if self._clients is None:
                self._clients = connect(self._emulator)
            return self._clients


def connect(emulator: str = "") -> tuple["PublisherClient", "SubscriberClient"]:
    """The two clients, of Google's servers or of an emulator at `host:port`."""
    from google.pubsub_v1 import PublisherClient, SubscriberClient

    if not emulator:
        return PublisherClient(), SubscriberClient()
    import grpc

    made = []
    for client_class in (PublisherClient, SubscriberClient):
        transport = client_class.get_transport_class("grpc")(channel=grpc.insecure_channel(emulator))
        made.append(client_class(transport=transport))
    return made[0], made[1]


def pack_requests(lines: Sequence[bytes], keys: Sequence[bytes]) -> Iterator[list[dict[str, Any]]]:
    """Messages for one request after another: Pub/Sub takes those of one key in a request."""
    by_key: dict[bytes, list[bytes]] = {}
    for line, key in zip(lines, keys, strict=True):
        by_key.setdefault(key, []).append(line)
    for key, own in by_key.items():
        for start in range(0, len(own), LINES_A_REQUEST):
            yield [
                {"data": line, "ordering_key": key.decode("latin-1")}
                for line in own[start : start + LINES_A_REQUEST]
            ]
