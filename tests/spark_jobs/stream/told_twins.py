"""Twins in memory of where is kept what was told, and of the topics that it is told to."""

from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import KafkaError

from expectations.contracts.transitions import Transition, decode_transition
from segments.told import NightView
from spark_jobs.stream.notes import Note, unpack_note


@dataclass
class MemoryTold:
    """A `RedisTold`."""

    told: dict = field(default_factory=dict)
    touched: dict = field(default_factory=dict)
    teller: str = ""

    def read(self, owners):
        return [dict(self.told[owner]) if owner in self.told else None for owner in owners]

    def write(self, told):
        self.told |= told

    def list_owners(self):
        yield sorted(self.told)

    def has_baseline(self):
        return self.teller != ""

    def read_teller(self):
        return self.teller

    def write_teller(self, tag):
        self.teller = tag
        self.touched.pop(tag, None)

    def touch(self, tag, owners):
        self.touched.setdefault(tag, set()).update(owners)

    def list_touched(self, tag):
        return sorted(self.touched.get(tag, ()))


@dataclass
class MemoryTopics:
    """A producer of transitions and notes."""

    lines: list = field(default_factory=list)
    n_left: int = 0
    refusal: KafkaError | None = None
    most_waiting: int = 100
    n_waiting: int = 0

    def produce(self, topic, value, key, on_delivery):
        if self.n_waiting == self.most_waiting:
            raise BufferError
        self.n_waiting += 1
        self.lines.append((topic, key, value))
        on_delivery(self.refusal, None)

    def poll(self, _):
        pass

    def flush(self, _):
        self.n_waiting = 0
        return self.n_left

    def read(self, topic: str = "transitions") -> list[Transition]:
        return [decode_transition(value) for name, _, value in self.lines if name == topic]

    def read_notes(self) -> list[Note]:
        return [unpack_note(value) for name, _, value in self.lines if name == "notes"]


@dataclass
class PlainNight:
    """A night with the segments `cart` and `fan`, which live, and `big`, which it alone knows."""

    members: dict[str, dict[str, int]] = field(default_factory=dict)  # by customer
    heirs: dict[str, str] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    tag: str = "night-1"
    end: int = 1_000
    live_ids: frozenset = frozenset({"cart", "fan"})
    versions: Any = field(default_factory=lambda: {"cart": "v1"})

    def view(self, owner):
        return NightView(self.members.get(owner, {}), self.left, self.end)

    def list_customers(self):
        return iter(sorted(self.members))

    def read_customer(self, owner):
        return self.members.get(owner)

    def find_heir(self, owner):
        return self.heirs.get(owner)
