"""The endpoints that a home declares in `triggers.yml`: where a transition is sent, and which.

```yaml
endpoints:
  crm:
    url: https://hooks.shop.example/segments
    segments: [cart_abandoned, vip]   # without it: of every segment
    types: [entered]                  # without it: entries and exits
```
"""

import logging
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, NamedTuple
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints, field_validator

from expectations.contracts.files import read_file_stamps
from expectations.contracts.home import HomePaths
from expectations.contracts.transitions import Transition
from expectations.contracts.yaml_files import FileModel, read_yaml, validate

EndpointId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
SEGMENTS_AT_MOST, PARALLEL_AT_MOST, SECONDS_AT_MOST = 1_000, 64, 60

logger = logging.getLogger(__name__)


class EndpointError(ValueError):
    """The file of endpoints is not understood."""


class Endpoint(FileModel):
    """Where transitions are sent, and which of them.

    Attributes:
        url: over TLS; without it only for addresses that CONCIERGE_TRIGGER_NETWORKS allows.
        segments, types: None: all.
        parallel: customers whose notifications are under way at once; of one customer one is.
        timeout_seconds: for a whole attempt, from the look-up of the name to the answer's status.
    """

    url: Annotated[str, StringConstraints(max_length=2_000)]
    segments: Annotated[list[str], Field(min_length=1, max_length=SEGMENTS_AT_MOST)] | None = None
    types: Annotated[list[Literal["entered", "left"]], Field(min_length=1, max_length=2)] | None = None
    parallel: Annotated[int, Field(ge=1, le=PARALLEL_AT_MOST)] = 8
    timeout_seconds: Annotated[float, Field(gt=0, le=SECONDS_AT_MOST, strict=False)] = 10

    @field_validator("url")
    @classmethod
    def check_url(cls, url: str) -> str:
        """An address of HTTP that names a host, and nobody who logs in."""
        parts = urlsplit(url)
        if parts.scheme not in ("https", "http") or not parts.hostname or not url.isascii():
            raise ValueError("url is no https://<host>/<path>")
        if parts.username is not None or parts.password is not None or parts.fragment:
            raise ValueError(
                "url has a user, a password or a fragment; a notification is known by its signature"
            )
        if parts.port == 0:  # `urlsplit` itself refuses what is no port at all
            raise ValueError("url has the port 0")
        return url

    @property
    def has_tls(self) -> bool:
        return self.url.startswith("https:")

    def wants(self, transition: Transition) -> bool:
        """Whether a transition is sent here."""
        kind = "entered" if transition.is_entered else "left"
        return (self.segments is None or transition.segment_id in self.segments) and (
            self.types is None or kind in self.types
        )


class EndpointFile(FileModel):
    """`triggers.yml`; each endpoint is read by itself, so that a wrong one keeps none of its neighbours."""

    endpoints: dict[EndpointId, object]


class DeclaredEndpoint(NamedTuple):
    """An endpoint with its name and the secrets that sign what it is sent."""

    endpoint_id: str
    endpoint: Endpoint
    secrets: Sequence[str]


class Endpoints:
    """The endpoints of a home that work, and why others do not. Its file is followed: what is changed in it
    holds with the next look, and where it cannot be understood what held before goes on.
    """

    def __init__(self, home: Path, secrets: Mapping[str, Sequence[str]]) -> None:
        self._file, self._secrets = HomePaths(home).triggers, secrets
        self._lock, self._stamps = threading.Lock(), None
        self._declared: dict[str, DeclaredEndpoint] = {}
        self._problem = ""

    @property
    def declared(self) -> list[DeclaredEndpoint]:
        """Those that work, as the file has them now."""
        self._follow()
        return list(self._declared.values())

    def describe_problem(self) -> str:
        """Which do not work, and why; empty when all do."""
        self._follow()
        return self._problem

    def _follow(self) -> None:
        """Read the file if it is another than at the last look."""
        with self._lock:
            stamps = read_file_stamps(self._file)
            if stamps != self._stamps:
                self._read()
                self._stamps = stamps  # from before: what was written meanwhile is read by the next look

    def _read(self) -> None:
        before, declared, problems = self._declared, dict[str, DeclaredEndpoint](), []
        try:
            read = read_endpoints(self._file)
        except EndpointError as error:
            read, declared, problems = {}, before, [str(error)]
        for endpoint_id, endpoint in read.items():
            if isinstance(endpoint, EndpointError):
                problems.append(str(endpoint))
                if endpoint_id in before:
                    declared[endpoint_id] = before[endpoint_id]
            elif endpoint_id not in self._secrets:
                problems.append(f"{self._file.name}: CONCIERGE_TRIGGER_SECRETS has no {endpoint_id}:whsec_…")
            else:
                declared[endpoint_id] = DeclaredEndpoint(endpoint_id, endpoint, self._secrets[endpoint_id])
        self._declared = declared
        problem = f"endpoints do not work: {'; '.join(problems)}" if problems else ""
        if before and problems:
            problem += "; what was understood before holds"
        if problem and problem != self._problem:
            logger.error("%s", problem)
        self._problem = problem


def read_endpoints(file: Path) -> dict[str, Endpoint | EndpointError]:
    """By its id each endpoint of a file, or what is wrong with it; none where there is no file.

    Raises:
        EndpointError: the file as a whole is not understood.
    """
    try:
        document = read_yaml(file, EndpointError)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise EndpointError(f"{file.name}: cannot be read: {error.strerror}") from error
    endpoints: dict[str, Endpoint | EndpointError] = {}
    for endpoint_id, fields in validate(EndpointFile, document, file.name, EndpointError).endpoints.items():
        try:
            endpoints[endpoint_id] = validate(
                Endpoint, fields, f"{file.name}: endpoints.{endpoint_id}", EndpointError
            )
        except EndpointError as error:
            endpoints[endpoint_id] = error
    return endpoints
