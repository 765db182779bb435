"""A server in front of another that behaves as a test says: it passes on what it gets, or it does not."""

import contextlib
import selectors
import socket
import threading
import time

GOOD, REFUSED, HANGING, SLOW, GARBAGE = "good", "refused", "hanging", "slow", "garbage"
SLOW_SECONDS = 0.5


class UnreliableServer:
    """Listens on `port` of this machine.

    Attributes:
        behaviour: what it does with the next connection and the next bytes.
    """

    def __init__(self, target_port: int) -> None:
        self._target = ("127.0.0.1", target_port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        self._is_closed = False
        self.port, self.behaviour = self._listener.getsockname()[1], GOOD
        threading.Thread(target=self._accept, daemon=True).start()

    def behave(self, behaviour: str) -> None:
        """Behave so from now on; what is connected stays so, unless connections are refused."""
        self.behaviour = behaviour
        if behaviour == REFUSED:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._is_closed = True
        self.behave(REFUSED)
        self._listener.close()

    def _accept(self) -> None:
        while not self._is_closed:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.behaviour == REFUSED:
                client.close()
                continue
            self._connections.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with (
            contextlib.suppress(OSError),
            client,
            socket.create_connection(self._target) as target,
            selectors.DefaultSelector() as ready,
        ):
            ready.register(client, selectors.EVENT_READ, target)
            ready.register(target, selectors.EVENT_READ, client)
            while True:
                for key, _ in ready.select():
                    received = key.fileobj.recv(65_536)
                    if not received:
                        return
                    self._pass_on(received, key.data, is_answer=key.fileobj is target)

    def _pass_on(self, received: bytes, to: socket.socket, is_answer: bool) -> None:
        if self.behaviour == HANGING:
            return
        if self.behaviour == SLOW and is_answer:
            time.sleep(SLOW_SECONDS)
        to.sendall(
            b"HTTP/1.1 400 Bad Request\r\n\r\n" if self.behaviour == GARBAGE and is_answer else received
        )
