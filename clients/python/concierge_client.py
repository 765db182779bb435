"""A client of Concierge's HTTP API in one file, of the standard library alone, for Python 3.9 and later: copy
it into the shop's server.

```python
concierge = Concierge("http://127.0.0.1:8080", key="ck_…")
shown = concierge.recommend(user_id="u-4711", n=5, placement="home")
concierge.track("Product Viewed", {"product_id": "22423", "request_id": shown.request_id}, user_id="u-4711")
```

A request that was not answered is repeated where that is harmless: lists, and events, which the service knows
by their message ids. Several threads may use a client, each with a connection of its own.
"""

from __future__ import annotations

import dataclasses
import http.client
import json
import random
import threading
import time
import urllib.parse
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict, TypeVar

if TYPE_CHECKING:
    from typing import Unpack

MAX_EVENTS, MAX_BYTES = 500, 480_000  # of a batch; the service takes 512,000 bytes
BUSY = (429, 503)  # nothing was done; Retry-After says when to ask again
BROKEN = (502, 504)  # a proxy has no answer; the service may have done what was asked
FIRST_PAUSE_SECONDS = 0.05
LIST_PATIENCE, EVENT_PATIENCE = 1.0, 60.0  # seconds in which a request is repeated: a page cannot wait
R = TypeVar("R")


class ConciergeError(Exception):
    """The service refuses a request; or it is not there (`status` 0).

    Attributes:
        kind: a stable word, such as `cannot-apply`; empty where there is none.
        errors: of a request that is not understood, each field with what is allowed.
    """

    def __init__(
        self, status: int, kind: str, detail: str, errors: list[dict[str, str]] | None = None
    ) -> None:
        super().__init__(f"{status} {kind}: {detail}" if status else detail)
        self.status, self.kind, self.detail, self.errors = status, kind, detail, errors or []


@dataclasses.dataclass(frozen=True)
class Item:
    """One item of a list, with what a page displays."""

    item_id: str
    rank: int
    source: str
    reason: str
    score: float | None = None
    title: str | None = None
    category: str | None = None
    brand: str | None = None
    price: float | None = None
    currency: str | None = None
    image_url: str | None = None
    is_filler: bool = False


@dataclasses.dataclass(frozen=True)
class ItemList:
    """A list. Send `request_id` back with events about it."""

    request_id: str
    source: str
    items: tuple[Item, ...]
    customer_id: str | None = None
    model_version: str | None = None
    snapshot: str | None = None
    next_cursor: str | None = None
    applied_overrides: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of one event: accepted, duplicate or quarantined, and why."""

    message_id: str | None
    outcome: str
    reason: str | None = None
    detail: str | None = None


@dataclasses.dataclass(frozen=True)
class Override:
    """An override as it is stored. Times are ISO text. Of a dry run (`is_dry_run`) nothing was stored: it has
    no version, and no id where it would be a new one.
    """

    override_id: str | None
    version: int | None
    kind: str
    until: str
    is_in_force: bool
    item_id: str | None = None
    category: str | None = None
    customer_id: str | None = None
    segment_id: str | None = None
    placement: str | None = None
    position: int | None = None
    factor: float | None = None
    priority: int = 0
    starts_at: str | None = None
    reason: str = ""
    author: str = ""
    matches: int | None = None
    matches_customers: int | None = None
    is_dry_run: bool = False
    effect: Mapping[str, Any] | None = None


class ListOptions(TypedDict, total=False):
    """What a list is asked for by; `docs/reference/http-api.md` says what each does."""

    user_id: str
    anonymous_id: str
    customer_id: str
    n: int
    placement: str
    mode: str
    diversity: float
    max_per_category: int
    exclude: Iterable[str]
    country: str
    age: int
    device: str
    language: str
    filter: str
    parameters: Mapping[str, Any]
    cursor: str
    item_id: str


class _Request(NamedTuple):
    """What is sent. One that is not repeatable may have been done although no answer came."""

    method: str
    path: str
    query: Mapping[str, Any] = {}
    body: Any = None
    headers: Mapping[str, str] = {}
    is_repeatable: bool = True


class Concierge:
    """The service at an address."""

    def __init__(
        self,
        url: str = "http://127.0.0.1:8080",
        key: str = "",
        *,
        timeout: float = 2.0,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Args:
            key: with the scopes of what is asked; empty where the service trusts this machine.
            timeout: seconds of one try.
        """
        parts = urllib.parse.urlsplit(url)
        self._is_tls, self._netloc, self._prefix = (
            parts.scheme == "https",
            parts.netloc,
            parts.path.rstrip("/"),
        )
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._timeout, self._sleep, self._clock = timeout, sleep, clock
        self._local = threading.local()

    def close(self) -> None:
        """Close the connection of this thread; the next request opens another."""
        connection, self._local.connection = getattr(self._local, "connection", None), None
        if connection is not None:
            connection.close()

    def recommend(self, **options: Unpack[ListOptions]) -> ItemList:
        """A visitor's list."""
        body = {**options, "exclude": [*options.get("exclude", ())]}
        return _read_list(self._ask(_Request("POST", "/v1/recommendations", body=body)))

    def popular(self, **options: Unpack[ListOptions]) -> ItemList:
        """What is popular in the whole shop."""
        return _read_list(self._ask(_Request("GET", "/v1/popular", _make_query(options))))

    def similar(self, item_id: str, **options: Unpack[ListOptions]) -> ItemList:
        """What is like an item."""
        query = _make_query({**options, "item_id": item_id})
        return _read_list(self._ask(_Request("GET", "/v1/items/similar", query)))

    def track(self, event: str, properties: Mapping[str, Any], **ids: Any) -> Outcome:
        """Say what somebody did; `ids` as in `make_event`."""
        return self.send([make_event("track", event=event, properties=properties, **ids)])[0]

    def identify(self, user_id: str, anonymous_id: str | None = None, **more: Any) -> Outcome:
        """Say whose browser this is."""
        return self.send([make_event("identify", user_id=user_id, anonymous_id=anonymous_id, **more)])[0]

    def send(self, events: Iterable[Mapping[str, Any]]) -> list[Outcome]:
        """Send events of `make_event`, in batches; each is stored once, however often it is sent.

        Raises:
            ConciergeError: a batch was not stored. Those before it were; send all of them again.
        """
        outcomes = []
        for batch in _make_batches(events):
            body = {"batch": batch, "sentAt": _format_now()}
            answer = self._ask(_Request("POST", "/v1/batch", body=body), EVENT_PATIENCE)
            outcomes += [_read(Outcome, row) for row in answer["events"]]
        return outcomes

    def list_overrides(self, **query: Any) -> Iterator[Override]:
        """Overrides, those in force unless another `state` is asked for."""
        cursor: str | None = ""
        while cursor is not None:
            page_query = {**query, "cursor": cursor} if cursor else query
            page = self._ask(_Request("GET", "/v1/overrides", page_query))
            yield from (_read(Override, row) for row in page["overrides"])
            cursor = page["next_cursor"]

    def get_override(self, override_id: str) -> Override:
        """One override that has not ended."""
        return _read(Override, self._ask(_Request("GET", _get_path(override_id))))

    def create_override(self, *, dry_run: bool = False, **fields: Any) -> Override:
        """Make an override; with `dry_run` only say what it would do, in `effect`."""
        query = {"dry_run": "true"} if dry_run else {}
        request = _Request("POST", "/v1/overrides", query, fields, is_repeatable=dry_run)
        return _read(Override, self._ask(request))

    def change_override(self, override: Override, **fields: Any) -> Override:
        """Change fields of an override as it was read; ConciergeError 412 where somebody else was faster."""
        headers = {"If-Match": f'"{override.version}"'}
        path = _get_path(override.override_id)
        request = _Request("PATCH", path, body=fields, headers=headers, is_repeatable=False)
        return _read(Override, self._ask(request))

    def delete_override(self, override_id: str, reason: str = "", author: str = "") -> None:
        """End an override."""
        query = {"reason": reason, "author": author}
        self._ask(_Request("DELETE", _get_path(override_id), query, is_repeatable=False))

    def _ask(self, request: _Request, patience: float = LIST_PATIENCE) -> dict[str, Any]:
        """The answer's JSON; a busy service, and where it is harmless a silent one, is asked again.

        Raises:
            ConciergeError: it refuses the request, or has not answered when patience ends.
        """
        until, pause = self._clock() + patience, FIRST_PAUSE_SECONDS
        while True:
            try:
                status, answer, retry_after = self._exchange(request)
            except (OSError, http.client.HTTPException) as error:
                failure = ConciergeError(0, "unreachable", f"no answer: {type(error).__name__}")
                if not request.is_repeatable:
                    raise failure from error
                wait = pause
            else:
                if status < 400:
                    return answer
                kind = str(answer.get("type", "")).rpartition(":")[2]
                failure = ConciergeError(status, kind, str(answer.get("detail", "")), answer.get("errors"))
                if status not in BUSY and not (status in BROKEN and request.is_repeatable):
                    raise failure
                wait = max(pause, retry_after)
            wait *= random.uniform(1, 1.2)  # clients that failed together shall not come back together
            if self._clock() + wait > until:
                raise failure
            self._sleep(wait)
            pause *= 2

    def _exchange(self, request: _Request) -> tuple[int, dict[str, Any], float]:
        """One try: status, JSON and seconds of `Retry-After`."""
        query = f"?{urllib.parse.urlencode(request.query)}" if request.query else ""
        content = None if request.body is None else json.dumps(request.body).encode()
        headers = {**self._headers, "Content-Type": "application/json", **request.headers}
        if not request.is_repeatable:
            self.close()  # a connection that was kept may be closed at its other end
        connection = getattr(self._local, "connection", None)
        if connection is None:
            kind = http.client.HTTPSConnection if self._is_tls else http.client.HTTPConnection
            connection = kind(self._netloc, timeout=self._timeout)
        self._local.connection = None
        try:
            connection.request(request.method, self._prefix + request.path + query, content, headers)
            response = connection.getresponse()
            answer = _parse_answer(response.read(), response.status)
        except BaseException:
            connection.close()
            raise
        self._local.connection = connection
        retry_after = response.headers.get("Retry-After", "")
        return response.status, answer, float(retry_after) if retry_after.isdigit() else 0.0


def make_event(
    event_type: str,
    *,
    user_id: str | None = None,
    anonymous_id: str | None = None,
    message_id: str | None = None,
    timestamp: datetime | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """An event in Segment's format: `track` with `event` and `properties`, `page`, `identify` with `traits` …

    Args:
        message_id: of two events with one id the second is a repetition; None: a new one.
        timestamp: with its offset; None: now.
    """
    event = {
        "type": event_type,
        "messageId": message_id or str(uuid.uuid4()),
        "timestamp": timestamp.isoformat() if timestamp else _format_now(),
        "userId": user_id,
        "anonymousId": anonymous_id,
        **fields,
    }
    return {name: value for name, value in event.items() if value is not None}


def _parse_answer(text: bytes, status: int) -> dict[str, Any]:
    """The JSON of an answer; of a proxy's error, which is a page, nothing."""
    try:
        return json.loads(text) if text else {}
    except ValueError:
        if status >= 400:
            return {}
        raise http.client.HTTPException("the answer is no JSON") from None


def _make_batches(events: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    batch: list[Mapping[str, Any]] = []
    n_bytes = 0
    for event in events:
        size = len(json.dumps(event)) + 2
        if batch and (len(batch) == MAX_EVENTS or n_bytes + size > MAX_BYTES):
            yield batch
            batch, n_bytes = [], 0
        batch.append(event)
        n_bytes += size
    if batch:
        yield batch


def _make_query(options: Mapping[str, Any]) -> dict[str, Any]:
    query = {name: value for name, value in options.items() if name not in ("exclude", "parameters")}
    if "exclude" in options:
        query["exclude"] = ",".join(options["exclude"])
    return {**query, **{f"param.{name}": value for name, value in options.get("parameters", {}).items()}}


def _get_path(override_id: str) -> str:
    return f"/v1/overrides/{urllib.parse.quote(override_id, safe='')}"


def _format_now() -> str:
    return datetime.now(timezone.utc).isoformat()  # noqa: UP017 - older Pythons have no datetime.UTC


def _read_list(answer: Mapping[str, Any]) -> ItemList:
    items = tuple(_read(Item, row) for row in answer["items"])
    return _read(
        ItemList, {**answer, "items": items, "applied_overrides": tuple(answer["applied_overrides"])}
    )


def _read(kind: type[R], row: Mapping[str, Any]) -> R:
    """A record of an answer; fields that this client does not know are left out."""
    names = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in row.items() if name in names})
