"""What a visitor is shown: a pure function of the candidates, the visitor's live state, the rules, and the
time.

The stages, in order: gather (the rungs of the fallback ladder), hard filters, live behaviour (what was
bought, what was shown too often), overrides, diversity and caps, fill, explain. On every rung the same order
holds: items that may not be shown, are not wanted or are blocked are left out; boosts and fatigue reorder the
rest; pins take their positions. Block beats pin beats boost beats the recommender.

The stages are generators: of a list of a hundred, an answer with ten looks at little more than ten.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain

from expectations.contracts.override import Override
from expectations.contracts.snapshot import ItemFacts
from serving_app.live.state import LiveState
from serving_app.recommendations.contributions import split_score
from serving_app.recommendations.decision import (
    CAP,
    DIVERSITY,
    EXPLAIN,
    FILLING,
    GATHER,
    OVERRIDES,
    STRICT,
    DecidedItem,
    Decision,
    Rules,
)
from serving_app.recommendations.diversity import CategoryCap, diversify
from serving_app.recommendations.explain import explain_listed_item, explain_pin
from serving_app.recommendations.ladder import (
    OVERRIDE,
    PERSONAL,
    SESSION,
    STATIC,
    Rung,
    is_same_list,
    select_strict_rungs,
)
from serving_app.recommendations.live_behaviour import compute_fatigue
from serving_app.recommendations.ranking import Candidate, rank_rung
from serving_app.recommendations.removals import FindRemoval, combine_removals
from serving_app.recommendations.trace import Trace

ONLY_SESSION = (SESSION,)  # sources of an item that live behaviour alone proposes


def decide_list(
    ladder: Iterable[Rung], live: LiveState, rules: Rules, now: datetime, trace: Trace | None = None
) -> Decision:
    """A recommendation list of at most `rules.n` items.

    The list for a smaller `n` is the beginning of the list for a larger one, unless the category cap makes
    room for pins.

    Args:
        ladder: lists, best first; read only as far as needed.
        live: empty where personalization is denied.
        trace: notes what each stage removes and how long it takes; None: nothing is noted.
    """
    if trace:
        ladder = trace.follow_steps(GATHER, ladder)
    applied: dict[str, None] = {}  # a set that remembers its order
    find_removal = combine_removals(live, rules, now, applied, trace)
    cap, above = CategoryCap(rules.max_per_category, rules.read_item), []
    waiting = select_pins(rules, find_removal, cap)
    pinned = {pin.item_id for pin in waiting}
    if rules.mode == STRICT:
        ladder = select_strict_rungs(ladder, rules.first_source)
    rungs = iterate_candidates(ladder, live, rules, find_removal, pinned, trace)
    candidates = chain.from_iterable(spread_candidates(rungs, rules, cap, above, trace))
    if trace:
        candidates = trace.follow_steps(FILLING, candidates)
    rows: list[Candidate | Override] = []
    has_cap = rules.max_per_category is not None
    last_position = rules.n_before + rules.n
    while len(rows) < rules.n:
        is_pin_due = waiting and waiting[0].position <= rules.n_before + len(rows) + 1
        candidate = None if is_pin_due else next(candidates, None)
        if candidate:
            rows.append(candidate)
            if has_cap:
                cap.add(candidate.listed.item_id)
            if candidate.boosts:
                applied.update(dict.fromkeys(boost.override_id for boost in candidate.boosts))
            if rules.diversity:
                above.append(rules.read_item(candidate.listed.item_id))
        elif waiting:  # a pin is due, or nothing else is left
            pin = waiting.pop(0)
            if pin.position > last_position:  # its place under the cap was not reserved
                if cap.is_full_for(pin.item_id):
                    continue
                cap.add(pin.item_id)
            rows.append(pin)
            applied[pin.override_id] = None
            if rules.diversity:
                above.append(rules.read_item(pin.item_id))
        else:
            break
    if trace is None:
        return explain_rows(rows, rules, tuple(applied))
    with trace.measure(EXPLAIN, len(rows)):
        return split_scores(explain_rows(rows, rules, tuple(applied)), rows)


def select_pins(rules: Rules, find_removal: FindRemoval, cap: CategoryCap) -> list[Override]:
    """The pins that may be shown, by position. Those of this page reserve their place under the cap, and one
    that finds none is left out.
    """
    selected = []
    for pin in rules.overrides.pins:
        if find_removal(pin.item_id) is not None:
            continue
        if pin.position <= rules.n_before + rules.n:
            if cap.is_full_for(pin.item_id):
                continue
            cap.add(pin.item_id)
        selected.append(pin)
    return selected


def iterate_candidates(
    ladder: Iterable[Rung],
    live: LiveState,
    rules: Rules,
    find_removal: FindRemoval,
    pinned: set[str],
    trace: Trace | None = None,
) -> Iterator[Iterator[Candidate]]:
    """For each rung its candidates that may be shown, best first; each item once over all rungs."""
    fatigue, seen = compute_fatigue(live, rules.fatigue), set(pinned)

    def rank(rung: Rung) -> Iterable[Candidate]:
        if trace is None:
            return rank_rung(rung, rules, fatigue)
        with trace.measure(OVERRIDES):
            ranked = rank_rung(rung, rules, fatigue)
        return trace.follow_steps(OVERRIDES, ranked, n_seen=0)  # seen when it is asked for blocks

    def select(rung: Rung) -> Iterator[Candidate]:
        is_personal = rung.source == PERSONAL
        for candidate in rank(rung):
            listed = candidate.listed
            item_id = listed.item_id
            # chosen by the night for this customer, rather than by this session or for many
            is_nights_own = is_personal and listed.sources != ONLY_SESSION
            if item_id not in seen and find_removal(item_id, is_nights_own) is None:
                seen.add(item_id)
                yield candidate

    return map(select, ladder)


def spread_candidates(
    rungs: Iterable[Iterator[Candidate]],
    rules: Rules,
    cap: CategoryCap,
    above: list[ItemFacts | None],
    trace: Trace | None = None,
) -> Iterator[Iterator[Candidate]]:
    """For each rung its candidates in diversified order, without those of full categories."""

    def is_open(candidate: Candidate) -> bool:
        is_full = cap.is_full_for(candidate.listed.item_id)
        if is_full and trace:
            trace.count_removal(DIVERSITY, CAP)
        return not is_full

    def get_item(candidate: Candidate) -> tuple[ItemFacts | None, float]:
        return rules.read_item(candidate.listed.item_id), candidate.score

    for rung in rungs:
        if rules.diversity:
            rung = diversify(rung, get_item, above, rules.diversity)
        if trace and (rules.diversity or rules.max_per_category is not None):
            rung = trace.follow_steps(DIVERSITY, rung)
        yield rung if rules.max_per_category is None else filter(is_open, rung)


def explain_rows(
    rows: Sequence[Candidate | Override], rules: Rules, applied_overrides: tuple[str, ...]
) -> Decision:
    """The rows with their ranks and reasons."""
    sources = (row.rung.source for row in rows if isinstance(row, Candidate))
    main_source = next(sources, OVERRIDE if rows else STATIC)
    source = rules.first_source or main_source
    if not is_same_list(main_source, source):  # this page begins with fillers
        main_source = source
    items = []
    for rank, row in enumerate(rows, start=rules.n_before + 1):
        if isinstance(row, Candidate):
            rung, listed, score, fatigue, boosts = row
            reason = explain_listed_item(rung, listed, boosts, fatigue)
            is_from_session = listed.sources == ONLY_SESSION
            own_source = SESSION if is_from_session else rung.unsteered_source or rung.source
            is_filler = rung.source != main_source
            items.append(
                DecidedItem(listed.item_id, rank, score, listed.score, own_source, reason, is_filler)
            )
        else:
            items.append(DecidedItem(row.item_id, rank, None, None, OVERRIDE, explain_pin(row), False))
    return Decision(source, tuple(items), applied_overrides)


def split_scores(decision: Decision, rows: Sequence[Candidate | Override]) -> Decision:
    """The decision with what each score is made of; of a pinned item there is none."""
    items = (
        item._replace(contributions=split_score(row)) if isinstance(row, Candidate) else item
        for item, row in zip(decision.items, rows, strict=True)
    )
    return decision._replace(items=tuple(items))
