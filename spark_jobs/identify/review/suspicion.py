"""How much a bridge looks like two people joined by mistake.

    score = 2 · min(spare_a, spare_b) · −log2(1 − across) + own − link        in bits

the logarithm of how much likelier the two sides are two people than one, as far as these three say:

* `spare` of a side: its links beyond the tree that would just hold it together. Were both sides one person's,
  spare links would fall on any pair of identifiers, and `across` of all pairs, 2·n_a·n_b / (n·(n − 1)), lie
  between the sides; none does. Twice the smaller side's count, so that a dense old customer says nothing
  about a card that is new and hangs by a thread.
* `own`: the strongest of `OWN_BITS` over the kinds (of one source) of which both sides hold an identifier of
  their own. Not the sum: a second card brings its own e-mail and phone along.
* `link`: what the links of the pair say, log2(weight / (1 − weight)) each, as `number_graph` adds them up.
"""

from dataclasses import dataclass

import numpy as np

from spark_jobs.identify.review.bridges import find_bridges
from spark_jobs.identify.review.numbering import NumberedGraph

NAMING, PERSON = ("user_id", "crm_id", "email", "phone"), ("user_id", "crm_id", "email")
# −log2 of the share of people who hold two: of the sample shop's people 0 of 1,410 two user ids (rule of
# succession: 1 of 1,412), 60 of 1,766 two e-mails, 38 of 1,091 two phones, 123 of 1,582 two store cards.
OWN_BITS = {"user_id": 10.5, "email": 4.9, "phone": 4.8, "crm_id": 3.7}


@dataclass(frozen=True)
class SuspiciousBridges:
    """Bridges with a group on either side that could be a person, most suspicious first.

    Attributes:
        pair: row of the pair in `NumberedGraph`.
        score: bits.
        held_a, held_b: (n, n_sorts) identifiers of each sort on the side of a and of b.
        links_a, links_b: linked pairs inside either side.
    """

    pair: np.ndarray
    score: np.ndarray
    held_a: np.ndarray
    held_b: np.ndarray
    links_a: np.ndarray
    links_b: np.ndarray


def rank_suspicious_bridges(graph: NumberedGraph) -> SuspiciousBridges:
    """Every bridge both of whose sides name someone and hold two naming identifiers or three of any kind.

    Customers that cannot have one (fewer than four identifiers, or than two that name someone) are left out
    before bridges are looked for: of a shop's customers most.
    """
    is_person, is_naming = (
        np.array([kind in kinds for kind, _ in graph.sorts], dtype=bool) for kinds in (PERSON, NAMING)
    )
    size = np.bincount(graph.customer, minlength=len(graph.customers))
    n_persons = np.bincount(graph.customer[is_person[graph.sort_of]], minlength=len(graph.customers))
    is_possible = (size >= 4) & (n_persons >= 2)
    pair = np.flatnonzero(is_possible[graph.customer[graph.a]])
    nodes = np.flatnonzero(is_possible[graph.customer])
    short = np.cumsum(is_possible[graph.customer]) - 1  # number among `nodes`
    sorts = np.zeros((len(nodes), len(graph.sorts)), dtype=np.int64)
    sorts[np.arange(len(nodes)), graph.sort_of[nodes]] = 1

    bridges = find_bridges(short[graph.a[pair]], short[graph.b[pair]], sorts)
    could_be = np.ones(len(bridges.link), dtype=bool)
    for marks in (bridges.marks_a, bridges.marks_b):
        could_be &= (marks[:, is_person].sum(axis=1) > 0) & (
            (marks[:, is_naming].sum(axis=1) >= 2) | (marks.sum(axis=1) >= 3)
        )
    pair, held_a, held_b = pair[bridges.link[could_be]], bridges.marks_a[could_be], bridges.marks_b[could_be]
    links_a, links_b = bridges.links_a[could_be], bridges.links_b[could_be]

    own_bits = np.array([OWN_BITS.get(kind, 0.0) for kind, _ in graph.sorts])
    own = (((held_a > 0) & (held_b > 0)) * own_bits).max(axis=1, initial=0.0)
    score = (
        measure_side_separation(held_a.sum(axis=1), held_b.sum(axis=1), links_a, links_b)
        + own
        - graph.bits[pair]
    )
    # earliest first of equals: a new leaf moves no old question
    order = np.lexsort((pair, graph.first_seen[pair], -score))
    return SuspiciousBridges(
        pair[order], score[order], held_a[order], held_b[order], links_a[order], links_b[order]
    )


def measure_side_separation(
    n_a: np.ndarray, n_b: np.ndarray, links_a: np.ndarray, links_b: np.ndarray
) -> np.ndarray:
    """Bits that the two sides' own links say against one person; sides of one identifier each have none to
    say.
    """
    n = n_a + n_b
    across = 2 * n_a * n_b / (n * (n - 1))
    spare = 2 * np.minimum(links_a - n_a + 1, links_b - n_b + 1)
    return np.where(spare > 0, -spare * np.log2(1 - np.where(spare > 0, across, 0.0)), 0.0)
