"""User tokens: a shop's server signs who is logged in, so that a page can prove it and nobody can claim it.

A token is a JWT with HMAC-SHA256 over one of the shop's secrets: `sub` is the shop's user id, `aud` is
`concierge`, `exp` lies at most a day ahead.
"""

import base64
import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import jwt

from expectations.contracts.ids import MAX_ID_LENGTH, find_id_flaw, normalise_id

AUDIENCE = "concierge"
ALGORITHM = "HS256"
MAX_LENGTH = 8192  # looked at before anything is decoded; a user id of 512 letters as \\uXXXX makes 4,300
MAX_LIFE = timedelta(days=1)
LEEWAY = timedelta(seconds=60)  # between the clocks of the shop's server and this one
FORMAT = re.compile(r"[A-Za-z0-9_-]{1,256}\.[A-Za-z0-9_-]{1,7800}\.[A-Za-z0-9_-]{43}")
# `kid` is read by nobody: every secret is tried. A header that names keys (jwk, jku, x5u, x5c) or extensions
# (crit, b64, zip) wants something that is not done here.
HEADER_NAMES = {"alg", "typ", "kid"}
# Times are compared here, by the service's own clock.
OPTIONS = {
    "require": ["exp", "sub", "aud"],
    "strict_aud": True,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
}


class InvalidUserToken(ValueError):  # noqa: N818 - reads as what it says
    """A token that proves nothing; the message says why and quotes nothing of it."""


class UserTokens:
    """Verifies user tokens by the secrets of a shop."""

    def __init__(self, secrets: Sequence[str], clock: Callable[[], datetime]) -> None:
        """
        Args:
            secrets: each is accepted, so that one can be replaced without a gap; none: no token is.
        """
        self._secrets, self._clock = tuple(secrets), clock

    @property
    def is_required(self) -> bool:
        """Whether a browser's claim to be a user needs a token."""
        return bool(self._secrets)

    def verify(self, token: str) -> str:
        """The user id that a token proves, in normal form.

        Raises:
            InvalidUserToken: it is no token of this shop, or none of now.
        """
        if len(token) > MAX_LENGTH or not FORMAT.fullmatch(token):
            raise InvalidUserToken("it is no JWT of three parts")
        header, payload, signature = token.split(".")
        if _encode(_decode(signature)) != signature:
            raise InvalidUserToken("its signature is not written as it is made")
        _check_header(_parse(header))
        claims = self._verify_signature(token)
        if _parse(payload) != claims:
            raise InvalidUserToken("it is ambiguous")
        self._check_times(claims)
        user_id = claims["sub"]
        if len(user_id) > MAX_ID_LENGTH or not user_id.strip() or find_id_flaw(user_id.strip()):
            raise InvalidUserToken("its sub is no user id")
        return normalise_id(user_id) or user_id

    def _verify_signature(self, token: str) -> dict[str, Any]:
        for secret in self._secrets:
            try:
                return jwt.decode(
                    token, secret.encode(), algorithms=[ALGORITHM], audience=AUDIENCE, options=OPTIONS
                )
            except jwt.InvalidSignatureError:
                continue
            except jwt.InvalidTokenError as error:
                raise InvalidUserToken("its claims are not as they must be: aud, sub, exp") from error
        raise InvalidUserToken("no secret of this shop signed it")

    def _check_times(self, claims: dict[str, Any]) -> None:
        """Compare `exp`, and `nbf` and `iat` where they are given, with the clock."""
        times = {name: claims[name] for name in ("exp", "nbf", "iat") if name in claims}
        if not all(type(value) is int for value in times.values()):
            raise InvalidUserToken("its times are whole seconds")
        now = int(self._clock().timestamp())
        if times["exp"] <= now:
            raise InvalidUserToken("it has expired")
        if times["exp"] > now + (MAX_LIFE + LEEWAY).total_seconds():
            raise InvalidUserToken("its exp lies more than a day ahead")
        if max(times.get("nbf", 0), times.get("iat", 0)) > now + LEEWAY.total_seconds():
            raise InvalidUserToken("it is of the future")


def _check_header(header: dict[str, Any]) -> None:
    is_fine = (
        header.keys() <= HEADER_NAMES
        and header.get("alg") == ALGORITHM
        and header.get("typ", "JWT") == "JWT"
        and isinstance(header.get("kid", ""), str)
    )
    if not is_fine:
        raise InvalidUserToken('its header is other than {"alg": "HS256", "typ": "JWT"}')


def _parse(part: str) -> dict[str, Any]:
    """The JSON object of a part of the token, in which each name stands once."""

    def refuse_repeated_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values = dict(pairs)
        if len(values) < len(pairs):
            raise InvalidUserToken("a name stands in it twice")
        return values

    try:
        value = json.loads(_decode(part).decode(), object_pairs_hook=refuse_repeated_names)
    except InvalidUserToken:
        raise
    except (ValueError, RecursionError) as error:
        raise InvalidUserToken("a part of it is no JSON") from error
    if not isinstance(value, dict):
        raise InvalidUserToken("a part of it is no JSON object")
    return value


def _decode(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError as error:
        raise InvalidUserToken("a part of it is no base64url") from error


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
