"""Which fields a profile has, and the named slices of them: what a page's server asks for in one word."""

from collections.abc import Iterable

FIELDS = (
    "customer_id",
    "is_known",
    "country",
    "rfm_segment",
    "segment_ids",
    "n_orders",
    "last_order_at",
    "traits",
    "consent",
    "live",
    "ages",
    "snapshot",
)
SLICES = {
    "identity": ("is_known", "country"),
    "commerce": ("n_orders", "last_order_at"),
    "segments": ("rfm_segment", "segment_ids"),
    "traits": ("traits",),
    "live": ("live",),
    "consent": ("consent",),
}
ALWAYS = ("customer_id", "ages", "snapshot")  # of whom it is and how old


def select_fields(fields: Iterable[str], slices: Iterable[str]) -> tuple[str, ...]:
    """The fields that an answer has, in their order: those asked for by name or slice, and whose and how old
    they are; all of them where none is asked for.
    """
    asked = {*fields, *(name for one in slices for name in SLICES[one])}
    return tuple(name for name in FIELDS if not asked or name in asked or name in ALWAYS)
