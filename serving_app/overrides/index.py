"""The overrides that concern a customer, found without looking at all of them."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from expectations.contracts.ids import normalise_id
from expectations.contracts.override import Override


class OverrideIndex:
    """Overrides by the customer they are for."""

    def __init__(
        self,
        overrides: Iterable[Override],
        resolve_customer_id: Callable[[str], str | None],
        normalise_item_id: Callable[[str], str] = normalise_id,
    ) -> None:
        """
        Args:
            resolve_customer_id: what a customer id of any age stands for now: an override outlives a merge of
                its customer.
            normalise_item_id: an item's id in the normal form of the shop's catalogue: an override may be
                older than the catalogue's letter case.
        """
        self._for_everyone: list[Override] = []
        self._by_customer: dict[str, list[Override]] = {}
        for override in overrides:
            normalised = replace(override, item_id=normalise_item_id(override.item_id))
            if normalised.customer_id is None:
                self._for_everyone.append(normalised)
            else:
                customer_id = resolve_customer_id(normalised.customer_id) or normalised.customer_id
                self._by_customer.setdefault(customer_id, []).append(normalised)

    def select_for_customer(self, customer_id: str | None) -> list[Override]:
        """Overrides for this customer, then those for everyone, each oldest first."""
        return self._by_customer.get(customer_id or "", []) + self._for_everyone
