"""Under which keys something may be stored of a visitor."""

from typing import NamedTuple


class VisitorKeys(NamedTuple):
    """Under which keys a visitor's state may lie.

    Attributes:
        identifier_ids: of the ids in the request, as each source would have issued them.
        customer_id: as the published snapshot knows it; None: a stranger to it.
    """

    identifier_ids: tuple[str, ...] = ()
    customer_id: str | None = None
