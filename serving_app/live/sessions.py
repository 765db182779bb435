"""A visitor's sessions: of one session id, or without one, with no gap of more than half an hour."""

from typing import NamedTuple

GAP = 30 * 60 * 1_000_000  # microseconds
MOST_SESSIONS = 8


class Session(NamedTuple):
    """From a visitor's first event to the last so far, microseconds since 1970.

    Attributes:
        session_id: None: the events of it had none.
    """

    end: int
    start: int
    session_id: str | None = None


Sessions = tuple[tuple[int, int, str | None], ...]  # as `Session`, oldest first


def add_visit(sessions: Sessions, session_id: str | None, at: int) -> Sessions:
    """The sessions with an event of this moment."""
    return merge_sessions(sessions, (Session(at, at, session_id),))


def merge_sessions(one: Sessions, other: Sessions) -> Sessions:
    """Both, with those that are one session joined; the newest of them."""
    merged = list(one)
    for end, start, session_id in other:
        others = []
        for session in merged:
            if session[2] == session_id and (
                session_id is not None or (session[1] - GAP <= end and start <= session[0] + GAP)
            ):
                end, start = max(end, session[0]), min(start, session[1])
            else:
                others.append(session)
        merged = [*others, Session(end, start, session_id)]
    return tuple(sorted(merged, key=lambda session: (session[0], session[1], session[2] or "")))[
        -MOST_SESSIONS:
    ]
