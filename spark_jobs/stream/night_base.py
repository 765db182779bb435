"""What memberships go on from in the stream: the published snapshot, as the service reads it."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import lmdb

from expectations.contracts import snapshot as contract
from expectations.contracts.identity_tables import CORE_IDENTITIES
from expectations.contracts.live_segments import SegmentBase, unpack_live_rules, unpack_segment_base
from segments.calendar import ShopCalendar
from segments.evaluation.measures import Context, Stay
from segments.evaluation.state import SegmentState
from segments.live_rules import compile_rules
from segments.shop_days import find_end_of_day
from segments.standing import NOBODY_YET, Standing
from segments.told import NightView, list_night_members


class Item(NamedTuple):
    """What rules may ask of an item."""

    category: str | None = None
    brand: str | None = None


NO_ITEM = Item()


class NightBase:
    """One published night, for a process that only reads.

    Attributes:
        read: the value of a key; None where there is none.
        end: the last microsecond of the last absorbed day.
        live_ids: of the segments that live.
        versions: of the definitions' texts, by segment.
        order_feeds: sources whose purchases the night counts by their orders alone.
    """

    def __init__(self, folder: Path) -> None:
        """
        Raises:
            ValueError: no definition lives in it, or another build made it.
        """
        env = lmdb.open(str(folder), readonly=True, lock=False, create=False)
        # One transaction for ever: a snapshot is never written to.
        self._read = env.begin(buffers=False)
        self.read = self._read.get
        meta = contract.unpack_record(contract.SnapshotMeta, self.read(contract.META))
        packed = self.read(contract.LIVE_RULES)
        rules = unpack_live_rules(packed) if packed else None
        if rules is None or not rules.texts:
            raise ValueError(f"no segment lives in snapshot {folder.name}")
        self.tag = folder.name
        self.identities_version = meta.table_versions.get(CORE_IDENTITIES.name, -1)
        self.calendar = ShopCalendar(meta.time_zone)
        self.live = compile_rules(rules, self.calendar)
        self.live_ids = self.live.live
        if self.live.fingerprint != rules.fingerprint:
            raise ValueError(f"snapshot {folder.name} was made by another build")
        self.versions = {each.segment_id: each.version for each in rules.texts}
        self.order_feeds = frozenset(rules.order_feeds)
        self.absorbed_date = meta.get_absorbed_date()
        self.absorbed_day = self.absorbed_date.toordinal()
        self.end = find_end_of_day(self.calendar, self.absorbed_date)

    def read_customer(self, owner: str) -> contract.CustomerSlice | None:
        """A customer's slice; None of whom no night knows."""
        packed = self.read(contract.get_customer_key(owner))
        return contract.unpack_record(contract.CustomerSlice, packed) if packed else None

    def list_customers(self) -> Iterator[str]:
        """All customers."""
        with self._read.cursor() as cursor:
            if cursor.set_range(contract.CUSTOMERS):
                for key in cursor.iternext(values=False):
                    if not key.startswith(contract.CUSTOMERS):
                        return
                    yield key.removeprefix(contract.CUSTOMERS).decode()

    def find_heir(self, owner: str) -> str | None:
        """Which customer an owner whom this night does not have is by now."""
        former = self.read(contract.get_former_customer_key(owner))
        return former.decode() if former else self.find_customer_id(owner)

    def view(self, owner: str) -> NightView:
        """What it says of all segments of an owner."""
        base = self.read_base(owner)
        members = list_night_members(self.read_customer(owner), base, self.end)
        return NightView(members, (base or SegmentBase()).left, self.end)

    def find_customer_id(self, identifier_id: str) -> str | None:
        """Whose identifier it is; None of one that no night knows."""
        packed = self.read(contract.get_identifier_key(identifier_id))
        return packed.decode() if packed else None

    def is_unmeasured(self, owner: str) -> bool:
        """Whether an owner is a customer of whom no rule may count behaviour."""
        is_known = self.read(contract.get_customer_key(owner)) is not None
        return is_known and self.read_base(owner) is None

    def read_base(self, owner: str) -> SegmentBase | None:
        """What an owner begins with."""
        packed = self.read(contract.get_segment_base_key(owner))
        return unpack_segment_base(packed) if packed else None

    def read_item(self, item_id: str | None) -> Item:
        """What the catalogue of the night says of an item."""
        packed = self.read(contract.get_item_key(item_id)) if item_id else None
        if packed is None:
            return NO_ITEM
        facts = contract.unpack_record(contract.ItemFacts, packed)
        return Item(" > ".join(facts.category_path) or None, facts.brand)

    def begin(self, owner: str) -> tuple[SegmentState, Context, Standing]:
        """The state, what is known beside events, and the standing of an owner before the first event."""
        base = self.read_base(owner)
        if base is None:
            return self.live.program.make_state(), Context(owner, {}), NOBODY_YET
        state = self.live.packer.unpack(base.state) if base.state else self.live.program.make_state()
        standing = Standing(dict(base.members), base.changes_at, self.end)
        return state, self.make_context(owner, base), standing

    def make_context(self, owner: str, base: SegmentBase | None = None) -> Context:
        """What definitions may know of an owner beside events."""
        base = base or self.read_base(owner) or SegmentBase()
        stays = tuple(Stay(*stay) for stay in base.stays)
        return Context(owner, base.fields, stays, frozenset(base.lists))

    def list_due(self) -> Iterator[str]:
        """The customers whose membership may change without an event."""
        with self._read.cursor() as cursor:
            if cursor.set_range(contract.get_segment_timer_key(self.end)):
                for key in cursor.iternext(values=False):
                    if not key.startswith(contract.SEGMENT_TIMERS):
                        return
                    yield contract.read_segment_timer_key(key)[1]


@lru_cache(maxsize=4)
def open_night(folder: str) -> NightBase:
    """The night of a snapshot's folder, opened once a process: compiling takes 0.1 s, and LMDB allows one.

    Raises:
        ValueError: as `NightBase`.
    """
    return NightBase(Path(folder))
