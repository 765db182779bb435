"""Sequences: for each event, whether it ends the first steps, and how late such a run may have begun.

What a step asks of an event depends on the present step before it alone, so a run is known by its last event
and its first one's moment. Of all runs that end in an event the one that begins last is in a window longest.
"""

from bisect import bisect_left, bisect_right, insort
from operator import attrgetter
from typing import NamedTuple

from segments.evaluation.matching import EventReader, Predicate
from segments.evaluation.steps import plan_step
from segments.evaluation.windows import FOREVER, NEVER, WindowBounds
from segments.events import Event
from segments.tree import rules

find_at = attrgetter("at")
find_order = attrgetter("at", "event_id")


class Run(NamedTuple):
    """Events that are the first present steps: the last of them, and the latest moment of a first one."""

    event: Event
    began_at: int


class Track:
    """What is kept of one sequence.

    Attributes:
        is_settled: it has happened, and only an event that comes late can undo it.
        is_found: it has happened, and nothing can undo it any more.
        kept: runs whose events are gone and that can still go on, by number of present steps less one.
    """

    __slots__ = ("absents", "events", "is_found", "is_settled", "kept", "runs")

    def __init__(self, plan: "SequencePlan") -> None:
        self.events: list[Event] = []
        self.is_found = False
        self.kept: list[list[Run]] = [[] for _ in plan.present]
        self.clear(plan)

    def clear(self, plan: "SequencePlan") -> None:
        self.is_settled = False
        self.runs: list[list[Run]] = [list(kept) for kept in self.kept]
        self.absents: list[list[Event]] = [[] for _ in plan.steps]


class SequencePlan:
    """A compiled sequence."""

    def __init__(self, rule: rules.Sequence, reader: EventReader, window: WindowBounds) -> None:
        self.window = window
        self.steps = [plan_step(step, reader) for step in rule.steps]
        self.present = [place for place, step in enumerate(self.steps) if not step.is_absent]
        self.trailing = [step for step in range(self.present[-1] + 1, len(self.steps))]
        self.numbers = [
            None if step.is_absent else self.present.index(n) for n, step in enumerate(self.steps)
        ]
        self.by_type: dict[str, list[tuple[int, Predicate | None]]] = {}
        for place, step in enumerate(self.steps):
            for name in step.types:
                self.by_type.setdefault(name, []).append((place, step.accepts))
        # Whether a sequence that was found stays: it looks back for ever, and no absence is open.
        self.can_be_settled = window.is_ever and all(self.steps[n].within is not None for n in self.trailing)
        self.mask = 0

    def list_steps(self, event: Event) -> list[int]:
        """The places of the steps that ask for such an event."""
        return [
            place for place, accepts in self.by_type.get(event.type, ()) if accepts is None or accepts(event)
        ]

    def insert(self, track: Track, event: Event, places: list[int]) -> bool:
        """Put an event where it belongs, given the steps that ask for it; whether the answer may be another.

        One that comes late has the runs found anew.
        """
        if track.is_found:
            return False
        events = track.events
        if events and event < events[-1]:  # by moment and id, which are first in an event
            insort(events, event, key=find_order)
            self.find_runs(track)
            return True
        events.append(event)
        return not track.is_settled and self._extend(track, event, places)

    def find_runs(self, track: Track) -> None:
        """Find all runs anew."""
        track.clear(self)
        for event in track.events:
            self._extend(track, event, self.list_steps(event))

    def _extend(self, track: Track, event: Event, places: list[int]) -> bool:
        """Note which runs an event ends that is later than all before, and which absences it breaks."""
        is_answer = False
        for place in reversed(places):  # an event cannot follow itself
            number = self.numbers[place]
            if number is None:
                track.absents[place].append(event)
                is_answer |= place > self.present[-1] and bool(track.runs[-1])
                continue
            began_at = event.at if number == 0 else self._find_began_at(track, number, event)
            if began_at is not None:
                track.runs[number].append(Run(event, began_at))
                is_answer |= number == len(self.present) - 1
        return is_answer

    def _find_began_at(self, track: Track, number: int, event: Event) -> int | None:
        """The latest beginning of a run that the event continues as its present step of this number."""
        place = self.present[number]
        step, between = self.steps[place], range(self.present[number - 1] + 1, place)
        best = None
        for run in reversed(track.runs[number - 1]):
            if step.within is not None and event.at - run.event.at > step.within:
                break
            if best is not None and run.began_at <= best:
                continue
            if not step.follows(event, run.event):
                continue
            if any(self._find_breaker(track, absent, run.event, event.at) for absent in between):
                continue
            best = run.began_at
            if self.window.is_ever or number == 1:  # first runs begin with their event: the latest is best
                break
        return best

    def _find_breaker(self, track: Track, place: int, event: Event, end: int) -> Event | None:
        """The first event before `end` that an absent step forbids behind an event."""
        step, candidates = self.steps[place], track.absents[place]
        for candidate in candidates[bisect_right(candidates, event.at, key=find_at) :]:
            if candidate.at >= end:
                return None
            if step.follows(candidate, event):
                return candidate
        return None

    def evaluate(self, track: Track | None, now: int) -> tuple[bool, int]:
        """Whether the sequence is found at `now`, and until when that stays."""
        if track is None or track.is_found:
            return track is not None, NEVER if track is None else FOREVER
        start, end = self.window.find_bounds(now)
        until, runs = NEVER, track.runs[-1]
        for place in range(len(runs) - 1, -1, -1):
            run = runs[place]
            if run.event.at >= end:
                until = min(until, self.window.find_entry(run.event.at, now))
            elif run.began_at >= start:
                holds, later = self._check_trailing(track, run.event, now)
                if holds:
                    later = min(later, self.window.find_exit(run.began_at, now))
                    track.is_settled = self.can_be_settled
                    return True, later
                until = min(until, later)
                if later == NEVER and self.can_be_settled:
                    del runs[place]  # broken for ever
        return False, until

    def _check_trailing(self, track: Track, event: Event, now: int) -> tuple[bool, int]:
        """Whether nothing forbidden has come behind a run's last event, and until when that stays."""
        holds, until = True, NEVER
        for place in self.trailing:
            within = self.steps[place].within
            breaker = self._find_breaker(track, place, event, NEVER)
            if breaker is not None and (within is not None or breaker.at < now):
                return False, NEVER
            if breaker is not None:
                until = min(until, breaker.at + 1)
            elif within is not None and now <= event.at + within:
                holds, until = False, min(until, event.at + within + 1)
        return holds, until

    def find_cut(self, pruned_at: int, latest: int) -> int:
        """Before which moment events are gone, but for runs that are kept."""
        return latest if self.window.is_ever else min(latest, self.window.find_bounds(pruned_at)[0])

    def prune(self, track: Track, cut: int, latest: int) -> None:
        """Forget what cannot matter any more; a sequence that was found for good is noted alone."""
        if self.can_be_settled and self.evaluate(track, latest)[0]:
            track.is_found = True
            track.events.clear()
            track.kept = [[] for _ in self.present]
            track.clear(self)
            return
        n = bisect_left(track.events, cut, key=find_at)
        if self.window.is_ever and (n or any(track.kept)):
            track.kept = [self._list_open(track, number, cut) for number in range(len(self.present))]
        if n:
            del track.events[:n]
            self.find_runs(track)

    def keep_runs(self, tracks: list[Track]) -> Track:
        """What is known of all of these beside their events."""
        joined = Track(self)
        joined.is_found = any(track.is_found for track in tracks)
        if not joined.is_found:
            for number, kept in enumerate(joined.kept):
                runs = {run.event.event_id: run for track in tracks for run in track.kept[number]}
                kept += sorted(runs.values(), key=lambda run: find_order(run.event))
        joined.clear(self)
        return joined

    def _list_open(self, track: Track, number: int, cut: int) -> list[Run]:
        """The runs before `cut` that can still go on. Of those that go on alike, the first is enough."""
        place = self.present[number]
        is_last = number + 1 == len(self.present)
        following = None if is_last else self.present[number + 1]
        absent = range(place + 1, len(self.steps) if is_last else following)
        asked = [self.steps[n] for n in absent] + ([] if is_last else [self.steps[following]])
        within = None if is_last else self.steps[following].within
        readers = [read for step in asked for read in (*step.same, *step.different)]
        is_timed = within is not None or any(
            self.steps[n].within is not None or self.steps[n].after for n in absent
        )
        kept: dict[object, Run] = {}
        for run in track.runs[number]:
            if run.event.at >= cut:
                break
            if within is not None and run.event.at + within < cut:
                continue
            if any(self._find_breaker(track, n, run.event, cut) for n in absent):
                continue
            values = run.event.event_id if is_timed else tuple(read(run.event) for read in readers)
            kept.setdefault(values, run)
        return list(kept.values())
