"""How one kind of plant came out."""

from typing import NamedTuple


class PlantScore(NamedTuple):
    """Of one kind: how many were planted, how many came out right, and how many did not or should not be
    there.
    """

    kind: str
    n_planted: int
    n_right: int
    n_wrong: int
    examples: tuple[str, ...] = ()  # of what is wrong


def format_scores(scores: list[PlantScore], n_examples: int = 3) -> str:
    """The scores as text, a line a kind, with some examples under a kind that is wrong."""
    lines = [f"{'kind':<34} planted  right  wrong"]
    for score in scores:
        lines.append(f"{score.kind:<34} {score.n_planted:7,} {score.n_right:6,} {score.n_wrong:6,}")
        lines += [f"    {example}" for example in score.examples[:n_examples]]
    return "\n".join(lines)
