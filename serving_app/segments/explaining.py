"""Why a customer was in a segment at a moment or not: each clause with its value and threshold, and the
smallest change that would have turned it.
"""

from collections.abc import Mapping
from typing import Any

from segments.evaluation.changes import find_smallest_change
from segments.evaluation.explanation import Clause, Explanation, Shop, explain
from segments.evaluation.measures import Context
from segments.requirements import find_requirements, list_named
from segments.sentences import describe_rule, describe_turn
from segments.sql.moments import make_timestamp
from segments.tree.rules import Age, Anniversary, Group, Rule, Segment
from serving_app.segments.histories import (
    check_known,
    find_date,
    find_stay,
    read_fields,
    read_history,
    read_list_items,
    read_lists,
    read_stays,
)
from serving_app.segments.live_answers import LivePart
from serving_app.segments.moments import Asked
from serving_app.segments.warehouse import Night


def explain_now(
    night: Night, segment: Segment, rules: Mapping[str, Rule], customer_id: str | None, live: LivePart
) -> dict[str, Any]:
    """Why somebody is in a live segment at a moment behind the night, as `explain_membership`.

    Args:
        customer_id: None: a visitor whom no night knows.
    """
    segment_id = segment.segment_id
    if live.is_denied:
        return make_absence(f"Not in {segment_id}: nothing is counted since their no to analytics.")
    required = find_requirements(segment.members, rules)
    check_known(night, required)
    context = Context(customer_id or "", {}, ())
    if customer_id:
        fields = read_fields(night, customer_id, live.asked.day, required.fields) or {}
        stays = read_stays(night, customer_id) if required.has_stays else ()
        context = Context(customer_id, fields, stays, read_lists(night, customer_id, required.lists))
    events = [each for name in live.customers for each in read_history(night, name, live.asked.now)]
    known = {event.event_id for event in events}
    events += [each for each in live.events if each.event_id not in known and each.at < live.asked.now]
    events.sort(key=lambda event: event[:2])
    items = read_list_items(night, required.item_lists)
    shop = Shop(night.calendar, items, list_named(segment.members, rules))
    explanation = explain(segment.members, events, live.asked.now, context, shop)
    since = live.since.get(segment_id) if explanation.is_member else None
    return format_answer(segment_id, explanation, live.asked, since and find_date(night.calendar, since))


def explain_membership(
    night: Night, segment: Segment, rules: Mapping[str, Rule], customer_id: str, asked: Asked
) -> dict[str, Any]:
    """The answer to why, as `MembershipAnswer` has it without whose it is.

    Args:
        rules: of all segments, by id, which this one may name.
    """
    required = find_requirements(segment.members, rules)
    check_known(night, required)
    fields = read_fields(night, customer_id, asked.day, required.fields)
    stays = read_stays(night, customer_id)
    stay = find_stay(stays, segment.segment_id, asked, night.calendar)
    if fields is None:
        return make_absence(f"Not in {segment.segment_id}: no customer by the end of {asked.day}.")
    history = read_history(night, customer_id, asked.now) if required.has_events else []
    lists = read_lists(night, customer_id, required.lists)
    context = Context(customer_id, fields, stays if required.has_stays else (), lists)
    items = read_list_items(night, required.item_lists)
    shop = Shop(night.calendar, items, list_named(segment.members, rules))
    explanation = explain(segment.members, history, asked.now, context, shop)
    since = find_date(night.calendar, stay.entered_at) if stay else None
    return format_answer(segment.segment_id, explanation, asked, since)


def make_absence(sentence: str) -> dict[str, Any]:
    """The answer of whom no clause can be asked."""
    return {"is_member": False, "sentence": sentence, "member_since": None, "clause": None, "changes": []}


def format_answer(
    segment_id: str, explanation: Explanation, asked: Asked, since: str | None
) -> dict[str, Any]:
    """An explanation as `MembershipAnswer` has it, without whose it is."""
    changes = find_smallest_change(explanation.clause, asked.now)
    return {
        "is_member": explanation.is_member,
        "sentence": write_sentence(segment_id, explanation, changes),
        "member_since": since,
        "clause": format_clause(explanation.clause),
        "changes": [format_change(change) for change in changes],
    }


def explain_learned(night: Night, segment_id: str, customer_id: str, asked: Asked) -> dict[str, Any]:
    """Whether somebody was in a learned segment, as `MembershipAnswer` has it without whose it is."""
    stay = find_stay(read_stays(night, customer_id), segment_id, asked, night.calendar)
    head = f"{'In' if stay else 'Not in'} {segment_id}"
    return {
        "is_member": stay is not None,
        "sentence": f"{head}; {segment_id} is learned: it has no rule to explain.",
        "member_since": find_date(night.calendar, stay.entered_at) if stay else None,
        "clause": None,
        "changes": [],
    }


def write_sentence(segment_id: str, explanation: Explanation, changes: tuple[Clause, ...]) -> str:
    """Whether they are in, and what is nearest."""
    head = f"{'In' if explanation.is_member else 'Not in'} {segment_id}"
    if not changes:
        return f"{head}."
    word = "would end" if explanation.is_member else "would begin"
    return f"{head}; it {word} when {' and '.join(format_change(change)['needs'] for change in changes)}."


def format_clause(clause: Clause) -> dict[str, Any]:
    """A clause with those in it, as `ClauseAnswer`."""
    return {
        "rule": describe_rule(clause.rule),
        "joined": clause.rule.operator if isinstance(clause.rule, Group) else None,
        "holds": clause.holds,
        "is_wanted": clause.is_wanted,
        "value": format_value(clause, clause.value),
        "op": clause.op,
        "threshold": format_value(clause, clause.threshold),
        "gap": clause.gap,
        "changes_at": format_moment(clause.changes_at),
        "parts": [format_clause(part) for part in clause.parts],
    }


def format_change(clause: Clause) -> dict[str, Any]:
    """A clause that would have to turn, as `ChangeAnswer`."""
    rule, value = describe_rule(clause.rule), format_value(clause, clause.value)
    measured = f" (it is {'unknown' if value is None else value})" if clause.op else ""
    return {
        "needs": f"{describe_turn(clause.rule, holds=clause.holds)}{measured}",
        "rule": rule,
        "holds": clause.holds,
        "value": value,
        "op": clause.op,
        "threshold": format_value(clause, clause.threshold),
        "gap": clause.gap,
        "changes_at": format_moment(clause.changes_at),
    }


def format_value(clause: Clause, value: Any) -> Any:
    """A value or threshold: of an age a moment, numbers without a point where they are whole."""
    if isinstance(value, tuple):
        return [format_value(clause, each) for each in value]
    if isinstance(clause.rule, Age | Anniversary):
        return format_moment(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def format_moment(moment: int | None) -> str | None:
    """A moment in ISO text, UTC."""
    return None if moment is None else f"{make_timestamp(moment).isoformat(timespec='seconds')}Z"
