"""Sends a notification to its endpoint: one signed POST over a connection to an address that is allowed. It
follows no redirect, reads no more than a little of the answer, and ends when its time is over.
"""

import asyncio
from collections.abc import Callable, Sequence

import aiohttp
import orjson

from expectations.contracts.transitions import decode_transition
from serving_app.triggers.addresses import REFUSED, AddressGuard, Network
from serving_app.triggers.attempts import Attempt, Outcome, judge_answer
from serving_app.triggers.endpoints import DeclaredEndpoint
from serving_app.triggers.notification_records import Notification
from serving_app.triggers.signature import sign

MAX_ANSWER_BYTES = 4 << 10  # that are read, so that the connection can be used again
ANSWER_SECONDS = 1.0  # for them; the status has decided before
MAX_HEADER_BYTES = 8 << 10
USER_AGENT = "Concierge-Webhooks/1"


class HttpSender:
    """Sends notifications to one endpoint; an asynchronous context manager."""

    def __init__(
        self, declared: DeclaredEndpoint, networks: Sequence[Network], clock: Callable[[], float]
    ) -> None:
        """
        Args:
            networks: addresses that are allowed beside public ones.
            clock: seconds since 1970.
        """
        self._endpoint, self._secrets, self._clock = declared.endpoint, declared.secrets, clock
        self._guard = AddressGuard(networks, allows_public=self._endpoint.has_tls)

    async def __aenter__(self) -> "HttpSender":
        # A name is looked up for every new connection, and the socket of each is the guard's. Proxies of the
        # environment are not asked: they would connect to an address that nobody here has checked.
        connector = aiohttp.TCPConnector(
            socket_factory=self._guard.open_socket, use_dns_cache=False, limit=self._endpoint.parallel
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            trust_env=False,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=self._endpoint.timeout_seconds),
            max_line_size=MAX_HEADER_BYTES,
            max_field_size=MAX_HEADER_BYTES,
        )
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._session.close()

    async def send(self, notification: Notification) -> Attempt:
        """Try once."""
        body = make_body(notification.line)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            **sign(notification.transition_id, int(self._clock()), body, self._secrets),
        }
        try:
            async with self._session.post(
                self._endpoint.url, data=body, headers=headers, allow_redirects=False
            ) as response:
                attempt = judge_answer(response.status, response.headers.get("Retry-After", ""))
                await read_a_little(response)
                return attempt
        except TimeoutError:
            return Attempt(Outcome.FAILED, f"no answer within {self._endpoint.timeout_seconds:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            reason = REFUSED if REFUSED in str(error) else f"no answer: {type(error).__name__}"
            return Attempt(Outcome.FAILED, reason)


async def read_a_little(response: aiohttp.ClientResponse) -> None:
    """Read the rest of a short answer. The connection of one that is longer, or slow, is closed."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            left = MAX_ANSWER_BYTES
            while left > 0 and (chunk := await response.content.read(left)):
                left -= len(chunk)
    except (TimeoutError, aiohttp.ClientError):
        left = 0
    if left <= 0:
        response.close()


def make_body(line: bytes) -> bytes:
    """The body of a transition's notification, the same at every attempt."""
    transition = decode_transition(line)
    fields = orjson.loads(line)
    kind = "segment.entered" if transition.is_entered else "segment.left"
    return orjson.dumps({"type": kind, "timestamp": fields["since"], "data": fields})
