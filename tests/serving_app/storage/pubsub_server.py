"""Pub/Sub's protocol as far as the log uses it: a real gRPC server in memory, which real clients speak to.

No package of PyPI, npm or Maven ships Google's own emulator: those of that subject start the one of the
gcloud programs, or stand in for another language's client. So this answers with the client's own types.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count

import grpc
from google.protobuf.empty_pb2 import Empty
from google.pubsub_v1 import types


class PubSub:
    """Topics with one subscription each, of the same name; ordered by key."""

    def __init__(self) -> None:
        self.messages: dict[str, list[tuple[str, types.PubsubMessage]]] = {}
        self._ids = count(1)

    def publish(self, request: types.PublishRequest, _: object) -> types.PublishResponse:
        """Add messages, which must be of one key."""
        assert len({message.ordering_key for message in request.messages}) == 1
        name, ids = request.topic.rpartition("/")[2], []
        for message in request.messages:
            ids.append(str(next(self._ids)))
            self.messages.setdefault(name, []).append((ids[-1], message))
        return types.PublishResponse(message_ids=ids)

    def pull(self, request: types.PullRequest, _: object) -> types.PullResponse:
        """What is neither given to somebody nor acknowledged."""
        name = request.subscription.rpartition("/")[2]
        given = self.messages.setdefault(f"{name}/given", [])
        new = [one for one in self.messages.get(name, []) if one not in given][: request.max_messages]
        given += new
        received = [types.ReceivedMessage(ack_id=ack_id, message=message) for ack_id, message in new]
        return types.PullResponse(received_messages=received)

    def acknowledge(self, request: types.AcknowledgeRequest, _: object) -> Empty:
        """Forget messages."""
        name = request.subscription.rpartition("/")[2]
        self.messages[name] = [one for one in self.messages[name] if one[0] not in request.ack_ids]
        return Empty()

    def end_deadlines(self) -> None:
        """Have what was given and not acknowledged be given again."""
        for name in self.messages:
            if name.endswith("/given"):
                self.messages[name] = []


@contextmanager
def running_pubsub() -> Iterator[tuple[PubSub, str]]:
    """A server, and where it listens."""
    pubsub, server = PubSub(), grpc.server(ThreadPoolExecutor(2))
    for service, name, kind in (
        ("Publisher", "Publish", types.PublishRequest),
        ("Subscriber", "Pull", types.PullRequest),
        ("Subscriber", "Acknowledge", types.AcknowledgeRequest),
    ):
        handler = grpc.unary_unary_rpc_method_handler(
            getattr(pubsub, name.lower()),
            request_deserializer=kind.deserialize,
            response_serializer=lambda answer: (
                answer.SerializeToString() if isinstance(answer, Empty) else type(answer).serialize(answer)
            ),
        )
        server.add_generic_rpc_handlers(
            [grpc.method_handlers_generic_handler(f"google.pubsub.v1.{service}", {name: handler})]
        )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield pubsub, f"127.0.0.1:{port}"
    server.stop(None)
