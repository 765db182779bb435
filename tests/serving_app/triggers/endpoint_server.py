"""A shop's endpoint on 127.0.0.1, which does what a test says: a real server with real connections."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise


class EndpointServer:
    """Notes every request and answers by `answer`, a function of the handler; None: 204.

    Attributes:
        requests: headers and body of each, in the order of arrival.
        release: what `hang` waits for; set when the test is over.
    """

    def __init__(self, wrap=lambda listening: listening):
        self.requests, self.answer, self.release = [], None, threading.Event()
        self._lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.noted = dict(self.headers), body
                with server._lock:
                    server.requests.append(self.noted)
                (server.answer or answer_with(204))(self)

            def do_GET(self):  # where a redirect would lead
                with server._lock:
                    server.requests.append(("GET", self.path))
                answer_with(204)(self)

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                """A client that went away is no error."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.socket = wrap(self._server.socket)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def ids(self):
        return [headers["webhook-id"] for headers, _ in self.requests]

    def stop(self):
        self.release.set()
        self._server.shutdown()
        self._server.server_close()

    def hang(self, handler):
        self.release.wait()
        handler.close_connection = True


@contextmanager
def running_endpoint():
    server = EndpointServer()
    try:
        yield server
    finally:
        server.stop()


def answer_with(status, headers=(), body=b""):
    def answer(handler):
        handler.send_response(status)
        for name, value in headers:
            handler.send_header(name, value)
        if status not in (204, 304):
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def is_subsequence(ids, order):
    """Whether ids come in this order, each as often as it likes, once the first time of each is looked at."""
    first = {each: ids.index(each) for each in dict.fromkeys(ids)}
    places = [first[each] for each in order if each in first]
    return all(a < b for a, b in pairwise(places))
