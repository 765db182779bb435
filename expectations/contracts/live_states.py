"""What service and stream both know of the live states: where it lies what was told of memberships, so that
one host goes on where the other has ended.
"""

LAYOUT = 1  # raised when a key or a value changes its shape; values of another one are begun anew
REDIS_PREFIX = f"concierge:live:{LAYOUT}:".encode()  # before every key in Redis
TOLD, NOTES = b"h/", b"n/"


def get_told_key(owner: str) -> bytes:
    """The key of what was told of an owner: `segments.told.pack_tellings`."""
    return TOLD + owner.encode()


def get_note_key(name: str) -> bytes:
    """The key of what whoever keeps the memberships of all notes for the next one."""
    return NOTES + name.encode()


BASELINE = get_note_key("baseline")  # there once a whole night was told or taken in silence
