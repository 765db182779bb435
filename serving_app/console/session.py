"""A session of the console: who signed in and when, as a signed cookie. Pure; nothing of it is stored, but
which sessions were ended by their owners (`sign_in.py`).
"""

import hashlib
import hmac
import secrets
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta

from itsdangerous import BadData, URLSafeSerializer

LONGEST = timedelta(hours=12)
LONGEST_IDLE = timedelta(hours=2)
RENEWED_AFTER = timedelta(minutes=1)  # a cookie with every page would be a signature more for nothing
LONGEST_TEXT = 1024
LEEWAY = timedelta(seconds=60)  # between the clocks of two machines that share a home


@dataclass(frozen=True)
class Session:
    """Who signed in.

    Attributes:
        session_id: random; forms prove by it that they are of this session.
        caller: the id of the key, or `local`, `admin-token`.
        proof: what the key or token was, hashed: with another one of the same name the session ends.
        started_at, seen_at: seconds since 1970.
        is_secure: whether its browser speaks HTTPS, so that its cookie never goes another way.
    """

    session_id: str
    caller: str
    proof: str
    started_at: int
    seen_at: int
    is_secure: bool = False

    def is_alive(self, now: datetime) -> bool:
        """Whether it has neither become too old nor stood idle for too long."""
        return (
            -LEEWAY <= self.age(now) < LONGEST
            and -LEEWAY <= now - datetime.fromtimestamp(self.seen_at, UTC) < LONGEST_IDLE
        )

    def age(self, now: datetime) -> timedelta:
        """Since signing in."""
        return now - datetime.fromtimestamp(self.started_at, UTC)

    def is_to_be_renewed(self, now: datetime) -> bool:
        """Whether its cookie should say that it was seen."""
        return now - datetime.fromtimestamp(self.seen_at, UTC) >= RENEWED_AFTER

    def renew(self, now: datetime) -> "Session":
        """The same session, seen now."""
        return replace(self, seen_at=int(now.timestamp()))


def begin_session(caller: str, proof: str, now: datetime, *, is_secure: bool) -> Session:
    """A new session, with an id that nobody knew before."""
    seconds = int(now.timestamp())
    return Session(secrets.token_urlsafe(16), caller, proof, seconds, seconds, is_secure)


class SessionSigner:
    """Writes sessions into cookies and reads them back."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._serializer = URLSafeSerializer(
            secret,
            salt="concierge.console.session",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def sign(self, session: Session) -> str:
        """The cookie of a session."""
        return str(self._serializer.dumps(asdict(session)))

    def read(self, cookie: str, now: datetime) -> Session | None:
        """The session of a cookie; None where it is not one that was signed here, or is over."""
        if not cookie or len(cookie) > LONGEST_TEXT:
            return None
        try:
            session = Session(**self._serializer.loads(cookie))
        except (BadData, TypeError):
            return None
        return session if session.is_alive(now) else None

    def make_form_token(self, session: Session) -> str:
        """What a form of this session carries: another site cannot know it."""
        return self._digest("form", session.session_id)

    def is_form_token(self, session: Session, sent: str) -> bool:
        """Whether a form of this session was sent."""
        return hmac.compare_digest(self.make_form_token(session).encode(), sent.encode())

    def prove(self, key: str) -> str:
        """The hash that a session holds of a key or token."""
        return self._digest("proof", key)

    def _digest(self, purpose: str, text: str) -> str:
        message = f"concierge.console.{purpose}\0{text}".encode()
        return hmac.new(self._secret, message, hashlib.sha256).hexdigest()[:43]
