"""The overrides that concern an answer, found without looking at all of them.

The rules of an answer depend on few things: which of the segments and placements that any override names the
visitor has, and whether any override is for this customer. So rule sets are built once for each such case and
used again until an override begins or ends.
"""

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from expectations.contracts.ids import normalise_id
from expectations.contracts.override import Override
from serving_app.overrides.rule_set import NO_RULES, RuleLayer, RuleSet

MAX_CASES = 256  # rule sets retained; one of thousands of overrides takes some 400 kB
EVER, NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class _Period:
    """A time in which no override begins or ends, from `start` until before `end`, with the rule sets built
    for it.
    """

    start: datetime
    end: datetime
    layers: dict[tuple, RuleLayer] = field(default_factory=dict)
    rule_sets: dict[tuple, RuleSet] = field(default_factory=dict)

    def remember(self, cases: dict, case: tuple, value: RuleLayer | RuleSet) -> None:
        if len(cases) >= MAX_CASES:
            cases.clear()
        cases[case] = value


class OverrideIndex:
    """Overrides by whom they are for. Safe for many threads.

    Attributes:
        newest_created_at: when the newest of them was made; None where there are none.
    """

    def __init__(
        self,
        overrides: Iterable[Override],
        resolve_customer_id: Callable[[str], str | None] = lambda customer_id: customer_id,
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
        self._by_segment: dict[str, list[Override]] = {}
        self._placements, times, newest = set(), set(), None
        for override in overrides:
            newest = max(newest or override.created_at, override.created_at)
            if override.item_id and (item_id := normalise_item_id(override.item_id)) != override.item_id:
                override = replace(override, item_id=item_id)
            if override.customer_id is not None:
                customer_id = resolve_customer_id(override.customer_id) or override.customer_id
                self._by_customer.setdefault(customer_id, []).append(override)
            elif override.segment_id is not None:
                self._by_segment.setdefault(override.segment_id, []).append(override)
            else:
                self._for_everyone.append(override)
            if override.placement is not None:
                self._placements.add(override.placement)
            times |= {override.starts_at or EVER, override.until}
        self._times = sorted(times)
        self.newest_created_at = newest
        self._period = _Period(NEVER, EVER)

    @property
    def names_segments(self) -> bool:
        """Whether a visitor's segments matter at all."""
        return bool(self._by_segment)

    def select(
        self,
        customer_id: str | None,
        segment_ids: Collection[str],
        placement: str | None,
        now: datetime,
    ) -> RuleSet:
        """The overrides in force at a moment for this customer, in these segments, at this placement.

        Args:
            customer_id: None: a stranger.
            placement: an override for `home` is also for `home/top`.
        """
        period = self._period
        if not period.start <= now < period.end:
            period = self._period = self._open_period(now)
        by_segment = self._by_segment
        segments = tuple(sorted(by_segment.keys() & segment_ids)) if by_segment and segment_ids else ()
        case = (
            customer_id if customer_id in self._by_customer else None,
            segments,
            self._find_placements(placement),
        )
        return period.rule_sets.get(case) or self._build_rule_set(period, now, *case)

    def _find_placements(self, placement: str | None) -> tuple[str, ...]:
        """Those that overrides name and this placement is, or is part of."""
        if placement is None or not self._placements:
            return ()
        names = (placement, placement.partition("/")[0])
        return tuple(name for name in dict.fromkeys(names) if name in self._placements)

    def _open_period(self, now: datetime) -> _Period:
        place = bisect_right(self._times, now)
        return _Period(
            self._times[place - 1] if place else EVER,
            self._times[place] if place < len(self._times) else NEVER,
        )

    def _build_rule_set(
        self,
        period: _Period,
        now: datetime,
        customer_id: str | None,
        segments: tuple[str, ...],
        placements: tuple[str, ...],
    ) -> RuleSet:
        """The rules of one case; what is for many is shared by the rule sets of those who have rules of their
        own.
        """

        def build_layer(overrides: Iterable[Override]) -> RuleLayer:
            return RuleLayer.build(
                override
                for override in overrides
                if override.is_in_force(now)
                and (override.placement is None or override.placement in placements)
            )

        shared = period.layers.get((segments, placements))
        if shared is None:
            of_segments = (override for name in segments for override in self._by_segment[name])
            shared = build_layer([*of_segments, *self._for_everyone])
            period.remember(period.layers, (segments, placements), shared)
        if customer_id is None:
            rules = RuleSet(shared)
        else:
            rules = RuleSet(build_layer(self._by_customer[customer_id]), shared)
        rules = NO_RULES if rules.is_empty else rules
        period.remember(period.rule_sets, (customer_id, segments, placements), rules)
        return rules
