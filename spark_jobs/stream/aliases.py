"""Whose browser it is and was, as one owner's state remembers it: the rules of the service's live states."""

from dataclasses import dataclass, field

from segments.calendar import DAY

MOST_USERS = 4  # of one browser that are remembered
# New browsers of one user in a week; more are a robot's, a counter's, or an id that a broken tag sends.
MOST_BROWSERS, WITHIN = 20, 7 * DAY
MOST_JOINS = 64


@dataclass
class Aliases:
    """What one owner knows of browsers.

    Attributes:
        users: of each of its browsers that others use, from when on, oldest first.
        browsers: of others that are the owner's, since when.
        joins: that were counted, by id: a note may come twice.
    """

    users: dict[str, tuple[tuple[int, str], ...]] = field(default_factory=dict)
    browsers: dict[str, int] = field(default_factory=dict)
    joins: tuple[str, ...] = ()

    @classmethod
    def unpack(cls, fields: tuple | None) -> "Aliases":
        """What `pack` gave."""
        return cls(*fields) if fields else cls()

    def pack(self) -> tuple | None:
        """As a value; None where nothing is known, as of most."""
        return (self.users, self.browsers, self.joins) if self.users or self.browsers or self.joins else None

    def find_heir(self, browser: str, at: int) -> str | None:
        """Whose browser it was at a moment; before anybody said so, the first one's."""
        users = self.users.get(browser)
        if not users:
            return None
        return next((user for since, user in reversed(users) if since <= at), users[0][1])

    def add(self, browser: str, user: str, at: int) -> bool:
        """Remember whose browser it is from a moment on; whether this user is its first one."""
        users = self.users.get(browser, ())
        by_time = sorted((*users, (at, user)))
        changes = [one for n, one in enumerate(by_time) if n == 0 or one[1] != by_time[n - 1][1]]
        self.users[browser] = tuple(changes[-MOST_USERS:])
        return not users

    def accept(self, browser: str, now: int) -> bool:
        """Whether what was done in a browser may count as the owner's; from now on it is known."""
        self.browsers = {one: at for one, at in self.browsers.items() if at > now - WITHIN}
        if browser not in self.browsers and len(self.browsers) >= MOST_BROWSERS:
            return False
        self.browsers.setdefault(browser, now)
        return True

    def add_join(self, join_id: str) -> bool:
        """Whether this join was not counted yet."""
        if join_id in self.joins:
            return False
        self.joins = (*self.joins, join_id)[-MOST_JOINS:]
        return True
