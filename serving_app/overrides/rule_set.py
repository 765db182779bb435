"""The overrides that concern one answer, ready to be asked by item.

Of the overrides of one kind the first by `get_precedence` comes first: the higher priority, then what is for
fewer (a customer, a segment, everyone; with a placement before without), then the older.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from expectations.contracts.census import fold_category
from expectations.contracts.override import BLOCK, PIN, Override


def get_precedence(override: Override) -> tuple:
    """What overrides of one kind are sorted by."""
    breadth = 0 if override.customer_id is not None else 2 if override.segment_id is not None else 4
    breadth += override.placement is None
    return (-override.priority, breadth, override.created_at, override.override_id)


@dataclass(frozen=True, slots=True)
class RuleLayer:
    """Overrides by what they are for; those of one item or category in order of precedence. Categories are
    folded.
    """

    blocked_items: Mapping[str, tuple[Override, ...]]
    blocked_categories: Mapping[str, tuple[Override, ...]]
    weighed_items: Mapping[str, tuple[Override, ...]]
    weighed_categories: Mapping[str, tuple[Override, ...]]
    pins: tuple[Override, ...]

    @classmethod
    def build(cls, overrides: Iterable[Override]) -> "RuleLayer":
        """A layer of overrides in any order."""
        maps: tuple[dict[str, list[Override]], ...] = ({}, {}, {}, {})
        pins = []
        for override in sorted(overrides, key=get_precedence):
            if override.kind == PIN:
                pins.append(override)
                continue
            is_item = override.item_id is not None
            rules = maps[(0 if override.kind == BLOCK else 2) + (not is_item)]
            target = override.item_id if is_item else fold_category(override.category or "")
            rules.setdefault(target, []).append(override)
        return cls(*({name: tuple(rows) for name, rows in each.items()} for each in maps), tuple(pins))


class RuleSet:
    """The overrides that concern one answer.

    Attributes:
        pins: at most one an item, sorted by position and then by precedence.
        has_blocks, has_boosts, has_category_rules: False: nobody need ask.
    """

    __slots__ = ("_layers", "has_blocks", "has_boosts", "has_category_rules", "pins")

    def __init__(self, *layers: RuleLayer) -> None:
        self._layers = layers
        of_item: dict[str, Override] = {}
        for pin in sorted((pin for layer in layers for pin in layer.pins), key=get_precedence):
            of_item.setdefault(pin.item_id, pin)
        # `sorted` is stable: pins of a place stay in order of precedence
        self.pins = tuple(sorted(of_item.values(), key=lambda pin: pin.position))
        self.has_blocks = any(layer.blocked_items or layer.blocked_categories for layer in layers)
        self.has_boosts = any(layer.weighed_items or layer.weighed_categories for layer in layers)
        self.has_category_rules = any(
            layer.blocked_categories or layer.weighed_categories for layer in layers
        )

    @property
    def is_empty(self) -> bool:
        return not (self.pins or self.has_blocks or self.has_boosts)

    def keep_blocks(self) -> "RuleSet":
        """Its blocks alone: for a list that pins and boosts do not steer."""
        if not (self.pins or self.has_boosts):
            return self
        return RuleSet(
            *(replace(layer, weighed_items={}, weighed_categories={}, pins=()) for layer in self._layers)
        )

    def find_block(self, item_id: str, categories: Sequence[str] = ()) -> Override | None:
        """The block that keeps an item out; None when none does.

        Args:
            categories: those the item belongs to, folded (`fold_category`); needed only where
                `has_category_rules`.
        """
        for layer in self._layers:
            if item_id in layer.blocked_items or (categories and layer.blocked_categories):
                break
        else:  # of nearly every item
            return None
        blocks = [
            rows[0]
            for layer in self._layers
            for rows in _find(layer.blocked_items, layer.blocked_categories, item_id, categories)
        ]
        return min(blocks, key=get_precedence) if blocks else None

    def list_boosts(self, item_id: str, categories: Sequence[str] = ()) -> tuple[Override, ...]:
        """The boosts and buries that count for an item, by precedence: those of the highest priority among
        all that concern it. Their factors multiply.
        """
        boosts = [
            override
            for layer in self._layers
            for rows in _find(layer.weighed_items, layer.weighed_categories, item_id, categories)
            for override in rows
        ]
        if len(boosts) > 1:
            boosts.sort(key=get_precedence)
            boosts = [override for override in boosts if override.priority == boosts[0].priority]
        return tuple(boosts)

    def find_boosts(
        self,
        select_listed: Callable[[Collection[str]], Iterable[str]],
        list_categories: Callable[[], Mapping[str, tuple[str, ...]]],
    ) -> dict[str, tuple[Override, ...]]:
        """The boosts and buries of a list's items, of those that any concerns: of a hundred mostly none.

        Args:
            select_listed: those of some item ids that the list holds.
            list_categories: of each of its items, folded; asked only where an override weighs a category.
        """
        concerned = {
            item_id
            for layer in self._layers
            if layer.weighed_items
            for item_id in select_listed(layer.weighed_items)
        }
        if not any(layer.weighed_categories for layer in self._layers):
            return {item_id: self.list_boosts(item_id) for item_id in concerned}
        # a hundred items are of a few categories, and those of one have the same boosts
        by_categories: dict[Sequence[str], tuple[Override, ...]] = {}
        by_item = {}
        for item_id, categories in list_categories().items():
            if item_id in concerned:
                boosts = self.list_boosts(item_id, categories)
            elif categories in by_categories:
                boosts = by_categories[categories]
            else:
                boosts = by_categories[categories] = self.list_boosts(item_id, categories)
            if boosts:
                by_item[item_id] = boosts
        return by_item


def _find(
    of_items: Mapping[str, tuple[Override, ...]],
    of_categories: Mapping[str, tuple[Override, ...]],
    item_id: str,
    categories: Sequence[str],
) -> list[tuple[Override, ...]]:
    rows = [of_items[item_id]] if item_id in of_items else []
    if of_categories:
        rows += [of_categories[name] for name in dict.fromkeys(categories) if name in of_categories]
    return rows


NO_RULES = RuleSet()
