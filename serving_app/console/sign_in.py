"""Who may use the console: signing in with a key, and whether a session still counts."""

import contextlib
import hmac
import time
from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from pathlib import Path

from flask import request

from expectations.contracts.home import HomePaths
from serving_app.console.secret_file import SecretUnreadable, read_or_make_secret
from serving_app.console.session import LONGEST, Session, SessionSigner, begin_session
from serving_app.http.access import UNLIMITED, refuse_beyond
from serving_app.http.auth import is_from_this_machine
from serving_app.http.problems import KeyRequired, NotReady
from serving_app.keys.api_key import ApiKey
from serving_app.keys.callers import ADMIN, ADMIN_NAME, LOCAL, LOCAL_NAME, Caller, make_caller
from serving_app.keys.rate_limits import RateLimits
from serving_app.keys.store import KeyStore
from serving_app.settings import Settings

WRONG = "This is no key that opens the console: it needs one of a server (make key), or the admin token."


class ConsoleSessions:
    """Sessions of the console of one home."""

    def __init__(
        self, settings: Settings, keys: KeyStore, limits: RateLimits, clock: Callable[[], datetime]
    ) -> None:
        self._token, self._keys, self._limits, self.clock = settings.admin_token, keys, limits, clock
        self._paths = HomePaths(settings.home)

    @cached_property
    def signer(self) -> SessionSigner:
        """Signs the sessions of this home.

        Raises:
            NotReady: its secret can be neither read nor made.
        """
        try:
            return SessionSigner(read_or_make_secret(self._paths.console_secret))
        except SecretUnreadable as error:
            raise NotReady(str(error)) from None
        except OSError as error:
            raise NotReady(f"the home's secret for sessions cannot be written: {error.strerror}") from None

    def is_open_here(self) -> bool:
        """Whether this request may come in without a key: none exists, and it is from this machine."""
        return not self._token and self._keys.is_open() and is_from_this_machine()

    def sign_in(self, sent: str) -> Session:
        """A new session of whoever sent a key or the admin token.

        Raises:
            KeyRequired: it opens nothing here.
            TooManyRequests: the address has failed too often.
        """
        sent, now = sent.strip(), self.clock()
        if self._token and hmac.compare_digest(sent.encode(), self._token.encode()):
            return self._begin(ADMIN_NAME, self.signer.prove(self._token))
        key = self._keys.find(sent, now)
        if key is None or key.kind != "server":
            refuse_beyond(self._limits.count_failure(request.remote_addr))
            raise KeyRequired(WRONG)
        return self._begin(key.key_id, self.signer.prove(key.secret_hash))

    def sign_in_here(self) -> Session:
        """A new session of this machine itself.

        Raises:
            KeyRequired: there are keys, or the request comes from elsewhere.
        """
        if not self.is_open_here():
            refuse_beyond(self._limits.count_failure(request.remote_addr))
            raise KeyRequired("This home has keys, or you are not on its machine: sign in with a key.")
        return self._begin(LOCAL_NAME, "")

    def _begin(self, caller: str, proof: str) -> Session:
        # a proxy that ends TLS speaks http with us; the browser's own word is in the origin of its form
        is_secure = request.is_secure or request.headers.get("Origin", "").startswith("https://")
        return begin_session(caller, proof, self.clock(), is_secure=is_secure)

    def find(self, cookie: str) -> tuple[Session, Caller] | None:
        """The session of a cookie and who it is; None where it is over, or its key is."""
        session = self.signer.read(cookie, self.clock()) if cookie else None
        if session is None or self._ended_file(session).exists():
            return None
        caller = self.find_caller(session)
        return (session, caller) if caller else None

    def find_caller(self, session: Session) -> Caller | None:
        """Who a session is; None where its key or token has ended."""
        if session.caller == LOCAL_NAME:
            return LOCAL if self.is_open_here() else None
        if session.caller == ADMIN_NAME:
            is_same = self._token and hmac.compare_digest(self.signer.prove(self._token), session.proof)
            return ADMIN if is_same else None
        key = self._find_key(session.caller)
        return make_caller(key) if key and self._is_key_of(session, key) else None

    def _find_key(self, key_id: str) -> ApiKey | None:
        return next((key for key in self._keys.read_all() if key.key_id == key_id), None)

    def _is_key_of(self, session: Session, key: ApiKey) -> bool:
        is_usable = key.kind == "server" and key.is_valid(self.clock())
        return is_usable and hmac.compare_digest(self.signer.prove(key.secret_hash), session.proof)

    def count(self, caller: Caller) -> None:
        """Count a request of a caller.

        Raises:
            TooManyRequests: they ask more often than their rate.
        """
        if caller not in UNLIMITED and (window := self._limits.count(caller)):
            refuse_beyond(window)

    def sign_out(self, session: Session) -> None:
        """End a session for good: its cookie is worth nothing in any worker, whoever has a copy of it."""
        ended = self._paths.console_ended_sessions
        ended.mkdir(parents=True, exist_ok=True, mode=0o700)
        delete_older(ended, time.time() - LONGEST.total_seconds())
        self._ended_file(session).touch()

    def _ended_file(self, session: Session) -> Path:
        return self._paths.console_ended_sessions / session.session_id


def delete_older(folder: Path, than: float) -> None:
    """Delete what sessions left that are over by age."""
    for file in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if file.stat().st_mtime < than:
                file.unlink()
