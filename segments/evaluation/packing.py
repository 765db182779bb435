"""A customer's state as bytes, for a store: msgpack, every text once, moments as distances, then deflated."""

import hashlib
import zlib
from collections.abc import Iterable
from typing import Any

import msgpack

from segments.evaluation.any_values import Cells, ValueCell
from segments.evaluation.layout import Layout
from segments.evaluation.program import Program
from segments.evaluation.sequences import Run, Track
from segments.evaluation.state import SegmentState
from segments.events import ATTRIBUTES, TYPES, Event

VERSION = 1
TEXTS = frozenset(name for name, about in ATTRIBUTES.items() if about.kind == "text")


class Texts:
    """The texts of a state, each once."""

    def __init__(self) -> None:
        self.places: dict[str, int] = {}

    def place(self, text: str | None) -> int | None:
        return None if text is None else self.places.setdefault(text, len(self.places))


class StatePacker:
    """Packs and unpacks states of one program; only what its rules read of events is kept."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.fingerprint = hashlib.blake2b(program.description.encode(), digest_size=8).digest()
        self.kept = {name: tuple(sorted(program.attributes.get(name, ()))) for name in TYPES}
        self.columns = {
            event_type: [(Event._fields.index(name), name in TEXTS) for name in names]
            for event_type, names in self.kept.items()
        }

    def pack(self, state: SegmentState) -> bytes:
        """The state's bytes. Text that is no valid Unicode, as JSON allows, is text like any other."""
        texts = Texts()
        program, cell = self.program, state.cell
        body = (
            state.pruned_at,
            state.cart.before,
            pack_folds(program.layout, cell.folds),
            [self._pack_track(track, texts) for track in cell.tracks],
            [
                pack_cells(plan.layout, plan.keep_counters(cells))
                for plan, cells in zip(program.any_values, cell.values, strict=True)
            ],
            self._pack_events(state.events, texts),
        )
        rows = (VERSION, self.fingerprint, body, list(texts.places))
        return zlib.compress(msgpack.packb(rows, unicode_errors="surrogatepass"), level=1)

    def unpack(self, packed: bytes) -> SegmentState:
        """The state that `pack` made these bytes of.

        Raises:
            ValueError: these are no such bytes, or those of another version or of other definitions.
        """
        try:
            unpacked = msgpack.unpackb(
                zlib.decompress(packed), use_list=False, unicode_errors="surrogatepass", strict_map_key=False
            )
            version, fingerprint, body, texts = unpacked
        except (zlib.error, msgpack.UnpackException, TypeError, ValueError) as error:
            raise ValueError("not a packed state") from error
        if version != VERSION or fingerprint != self.fingerprint:
            raise ValueError(f"packed by version {version!r} or for other definitions; build it anew")
        program = self.program
        state = program.make_state()
        state.pruned_at, pieces, folds, tracks, values, events = body
        state.cart.before = dict(pieces)
        state.cell.folds = unpack_folds(program.layout, folds)
        state.cell.tracks = [
            None if track is None else self._unpack_track(number, track, texts)
            for number, track in enumerate(tracks)
        ]
        state.cell.values = [
            unpack_cells(plan.layout, cells) for plan, cells in zip(program.any_values, values, strict=True)
        ]
        state.events = self._unpack_events(events, texts)
        state.ids = {event.event_id for event in state.events}
        program.replay(state)
        return state

    def _pack_events(self, events: Iterable[Event], texts: Texts) -> list:
        """Flat: for each event the distance to the one before, id, type and the attributes that are read."""
        flat: list[Any] = []
        before = 0
        for event in events:
            flat += (event.at - before, event.event_id, TYPES.index(event.type))
            before = event.at
            for name in self.kept[event.type]:
                value = getattr(event, name)
                flat.append(texts.place(value) if name in TEXTS else value)
        return flat

    def _unpack_events(self, flat: tuple, texts: tuple[str, ...]) -> list[Event]:
        events, place, at = [], 0, 0
        while place < len(flat):
            at += flat[place]
            values: list[Any] = [None] * len(Event._fields)
            values[:3] = at, flat[place + 1], TYPES[flat[place + 2]]
            place += 3
            for number, is_text in self.columns[values[2]]:
                value = flat[place]
                values[number] = texts[value] if is_text and value is not None else value
                place += 1
            events.append(Event._make(values))
        return events

    def _pack_track(self, track: Track | None, texts: Texts) -> Any:
        if track is None or track.is_found:
            return None if track is None else True
        if not any(track.kept):
            return None
        return [
            (self._pack_events([run.event for run in runs], texts), [run.began_at for run in runs])
            for runs in track.kept
        ]

    def _unpack_track(self, number: int, packed: Any, texts: tuple[str, ...]) -> Track:
        plan = self.program.sequences[number]
        track = Track(plan)
        track.is_found = packed is True
        if packed is not True:
            track.kept = [
                [Run(*run) for run in zip(self._unpack_events(events, texts), began_at, strict=True)]
                for events, began_at in packed
            ]
        track.clear(plan)
        return track


def pack_folds(layout: Layout, folds: list[Any]) -> list[Any]:
    """Counters as msgpack knows them: sets and mappings as sequences."""
    packed = list(folds)
    for plan in layout.plans:
        for kind, place in plan.folds.items():
            if folds[place] is not None and kind in ("distinct", "most_frequent"):
                kept = folds[place]
                rows = (
                    sorted(kept)
                    if kind == "distinct"
                    else [(value, *counted) for value, counted in kept.items()]
                )
                packed[place] = rows
    return packed


def unpack_folds(layout: Layout, packed: tuple) -> list[Any]:
    """The counters that `pack_folds` was given."""
    folds = list(packed)
    for plan in layout.plans:
        for kind, place in plan.folds.items():
            if packed[place] is not None and kind in ("distinct", "most_frequent"):
                rows = packed[place]
                folds[place] = frozenset(rows) if kind == "distinct" else {row[0]: row[1:] for row in rows}
    return folds


def pack_cells(layout: Layout, cells: Cells) -> list:
    """The values of which more than events is known."""
    return [(value, cell.seen_at, pack_folds(layout, cell.folds)) for value, cell in sorted(cells.items())]


def unpack_cells(layout: Layout, packed: tuple) -> Cells:
    """The values that `pack_cells` was given."""
    cells: Cells = {}
    for value, seen_at, folds in packed:
        cells[value] = cell = ValueCell(layout)
        cell.seen_at, cell.folds = seen_at, unpack_folds(layout, folds)
    return cells
