"""Pictures of a run's identities as a whole, as PNG: how alike the compared records are, and how large
customers are.

Same input, same bytes.
"""

import io
from itertools import pairwise

import numpy as np

DPI = 110
BELOW, BETWEEN, ABOVE, LINE = "#b8b8b8", "#e69f00", "#0072b2", "#333333"
MOST_BITS_SHOWN, BIN = 20.0, 0.5
SIZES = [*range(1, 11), 16, 26, 51, 101, 251, 1001]  # the least of each bar


def draw_match_weights(
    probability: np.ndarray, is_one_person: np.ndarray, review: float, link: float
) -> bytes:
    """Pairs of records by match weight: the log-odds of their probability, so that 1 bit is 2 to 1 and 10
    bits 1,000 to 1.
    """
    # both thresholds are in sight
    least = BIN * np.floor(min(0.0, float(convert_to_log_odds(np.array([review]))[0])) / BIN)
    bits = np.clip(convert_to_log_odds(probability), least, MOST_BITS_SHOWN)
    edges = np.arange(least, MOST_BITS_SHOWN + BIN, BIN)
    figure, axes = _panel()
    zones = (
        (0.0, review, BELOW, "not asked"),
        (review, link, BETWEEN, "asked about"),
        (link, 2.0, ABOVE, "joined, unless held"),
    )
    height = np.histogram(bits, edges)[0].max(initial=1)
    parts = [bits[(probability >= low) & (probability < high)] for low, high, _, _ in zones]
    axes.hist(
        parts,
        edges,
        stacked=True,
        rwidth=0.94,
        color=[colour for _, _, colour, _ in zones],
        label=[f"{words}: {len(part):,}" for (_, _, _, words), part in zip(zones, parts, strict=True)],
    )
    apart = ~is_one_person & (probability >= link)
    if apart.any():
        axes.hist(
            bits[apart],
            edges,
            color="none",
            edgecolor="white",
            hatch="////",
            lw=0,
            rwidth=0.94,
            label=f"alike, yet left apart: {apart.sum():,}",
        )
    for at, words, side, away in ((review, "review", "right", -3), (link, "link", "left", 3)):
        x = convert_to_log_odds(np.array([at]))[0]
        axes.axvline(x, color=LINE, lw=1, ls="--")
        axes.annotate(
            f"{words} {at:g}",
            (x, 1),
            (away, -2),
            ha=side,
            va="top",
            fontsize=8,
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
        )
    axes.set_ylim(0, height * 1.15)
    axes.set_xlim(least - 2, MOST_BITS_SHOWN)
    axes.set_xlabel("match weight, bits (0: as likely one person as two; 10: a thousand to one)")
    axes.set_ylabel("pairs of records")
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return render_png(figure)


def draw_customer_sizes(n_identifiers: np.ndarray, giant: int) -> bytes:
    """Customers by number of identifiers, counts on a logarithmic scale; those held back in orange."""
    top = np.searchsorted(SIZES, max(n_identifiers.max(initial=1), giant + 1), side="right")
    least = SIZES[: max(top, 6)]
    bar = np.searchsorted(least, n_identifiers, side="right") - 1
    small, large = (
        np.bincount(bar[which], minlength=len(least))
        for which in (n_identifiers <= giant, n_identifiers > giant)
    )
    figure, axes = _panel()
    at = np.arange(len(least))
    axes.bar(at, small, color=ABOVE, width=0.8, log=True)
    axes.bar(at, large, bottom=small, color=BETWEEN, width=0.8, log=True)
    for x, n in zip(at.tolist(), (small + large).tolist(), strict=True):
        axes.annotate(f"{n:,}", (x, max(n, 0.5)), (0, 2), textcoords="offset points", ha="center", fontsize=8)
    axes.set_ylim(0.5, max((small + large).max(initial=1), 1) * 3)
    words = [str(a) if b - a == 1 else f"{a:,}–{b - 1:,}" for a, b in pairwise(least)]
    axes.set_xticks(at, [*words, f"{least[-1]:,}+"])
    axes.set_xlabel(f"identifiers of a customer (more than {giant}: held back until someone decides)")
    axes.set_ylabel("customers")
    return render_png(figure)


def convert_to_log_odds(probability: np.ndarray) -> np.ndarray:
    """To base 2, bits."""
    with np.errstate(divide="ignore"):
        return np.log2(probability) - np.log2(1 - probability)


def render_png(figure) -> bytes:
    """The figure's bytes, without the name and version of what drew it; the figure is closed."""
    from matplotlib import pyplot

    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    pyplot.close(figure)
    return buffer.getvalue()


def _panel():
    """One panel with room for words, nothing but its two axes drawn."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8.2, 3.0), layout="constrained")
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
    axes.xaxis.label.set_size(9)
    axes.yaxis.label.set_size(9)
    return figure, axes
