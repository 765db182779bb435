"""Who sends a request, and what they may ask: pure, without HTTP."""

from dataclasses import dataclass
from datetime import datetime

from serving_app.keys.api_key import SCOPES, ApiKey

PUBLIC = "public"  # the scope of what everybody may ask: health, the description, its page
LOCAL_NAME, ADMIN_NAME = "local", "admin-token"


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever sent a request.

    Attributes:
        name: the id of the key; or `local`, `admin-token`.
        source: whose ids the events of this caller use; None: the first of CONCIERGE_SOURCES.
        rate: None: CONCIERGE_KEY_RATE.
    """

    name: str
    scopes: frozenset[str]
    is_browser: bool = False
    source: str | None = None
    rate: str | None = None
    origins: tuple[str, ...] = ()
    expires_at: datetime | None = None

    def may(self, scope: str, *, is_for_browsers: bool) -> bool:
        """Whether this caller may ask what needs a scope.

        Args:
            is_for_browsers: whether a browser's key may ask it at all.
        """
        if self.is_browser and not is_for_browsers:
            return False
        return scope == PUBLIC or scope in self.scopes


# this machine itself, while there are neither keys nor a token; and the operator's token
LOCAL = Caller(LOCAL_NAME, frozenset(SCOPES))
ADMIN = Caller(ADMIN_NAME, frozenset(SCOPES))


def make_caller(key: ApiKey) -> Caller:
    """The caller that a key stands for. `admin` holds every scope."""
    is_admin = "admin" in key.scopes
    return Caller(
        key.key_id,
        frozenset(SCOPES if is_admin else key.scopes),
        key.kind == "browser",
        key.source,
        key.rate,
        key.origins,
        key.expires_at,
    )
