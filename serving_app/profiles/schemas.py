"""A profile's slice in an answer."""

from datetime import datetime

from pydantic import BaseModel


class CustomerAnswer(BaseModel):
    """The slice of a customer's profile that a page may see. No personal values."""

    customer_id: str
    is_known: bool
    country: str | None
    rfm_segment: str | None
    segment_ids: list[str]
    n_orders: int
    last_order_at: datetime | None
    snapshot: str
