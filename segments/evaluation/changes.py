"""What would turn a customer's membership: the nearest clauses whose answers must change."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from segments.evaluation.explanation import Clause, find_gap
from segments.tree import rules


class Turning(NamedTuple):
    """Clauses that turn a rule's answer together.

    Attributes:
        n_without_size: those that have no size, as being on a list.
        gap: how far all others are from their thresholds, added up.
    """

    n_without_size: int
    gap: float
    clauses: tuple[Clause, ...]


def find_smallest_change(clause: Clause, now: int) -> tuple[Clause, ...]:
    """The clauses without parts that must all turn so that a rule's answer does, with how far each is from
    that; of several ways the nearest, by gaps added up. Empty: a clause stands in the rule in two senses.
    """
    turned = turn(clause, now).clauses
    changed = {part.rule: not part.holds for part in turned}
    return turned if decide(clause, changed) != clause.holds else ()


def turn(clause: Clause, now: int) -> Turning:
    """The nearest way to the other answer of a clause."""
    if not clause.parts:
        gap = find_gap(clause, now)
        return Turning(gap is None, gap or 0.0, (replace(clause, gap=gap),))
    ways = [turn(part, now) for part in clause.parts if part.holds == clause.holds or is_inverted(clause)]
    # of `all` that holds one part is enough; of `all` that does not, every failing one must turn
    if not needs_every_part(clause):
        return min(ways, key=lambda way: way[:2])
    together: dict[rules.Rule, Clause] = {part.rule: part for way in ways for part in way.clauses}
    return Turning(
        sum(part.gap is None for part in together.values()),
        sum(part.gap or 0.0 for part in together.values()),
        tuple(together.values()),
    )


def is_inverted(clause: Clause) -> bool:
    """Whether a clause holds where its part does not."""
    return isinstance(clause.rule, rules.Group) and clause.rule.operator == "not"


def needs_every_part(clause: Clause) -> bool:
    """Whether all parts of the clause's own answer must turn, rather than one."""
    operator = clause.rule.operator if isinstance(clause.rule, rules.Group) else "not"
    return (operator == "all" and not clause.holds) or (operator == "any" and clause.holds)


def decide(clause: Clause, changed: Mapping[rules.Rule, bool]) -> bool:
    """The answer of a clause if some of those without parts answered otherwise."""
    if not clause.parts:
        return changed.get(clause.rule, clause.holds)
    answers = [decide(part, changed) for part in clause.parts]
    if isinstance(clause.rule, rules.Group):
        return {"all": all(answers), "any": any(answers), "not": not answers[0]}[clause.rule.operator]
    return answers[0]
