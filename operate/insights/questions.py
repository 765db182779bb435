"""The twenty questions in their order, and how each answer is drawn.

The questions themselves, and their SQL, are `dbt_project/analyses/<name>.sql`: the comment that begins a file
is the question, up to its first question mark, and what is to be known of the answer.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ANALYSES = Path(__file__).resolve().parents[2] / "dbt_project" / "analyses"


@dataclass(frozen=True)
class Picture:
    """How an answer is drawn.

    Attributes:
        kind: `bars`, `lines` and `curve` draw `values` over `across`; `map` colours `values[0]` by `across`
            and `down`; `bubbles` draws `down` over `across`, as large as `values[0]`, named by `by`.
        by: for `lines` and `bars`, a column whose values are a line or a bar each.
    """

    kind: Literal["bars", "lines", "curve", "map", "bubbles"]
    across: str
    values: tuple[str, ...]
    down: str | None = None
    by: str | None = None


@dataclass(frozen=True)
class Question:
    """One question: its analysis, and its picture; None: the table alone."""

    name: str
    picture: Picture | None = None

    def read(self) -> tuple[str, str]:
        """The question, and what is to be known of its answer."""
        lines = (ANALYSES / f"{self.name}.sql").read_text().split("\n\n", 1)[0].splitlines()
        question, _, note = " ".join(line.removeprefix("--").strip() for line in lines).partition("?")
        return f"{question}?", note.strip()


QUESTIONS = (
    Question("customers_by_kind", Picture("bars", "customer_kind", ("n_customers",))),
    Question(
        "sales_by_month",
        Picture("bars", "month_starts_on", ("amount_sold", "amount_returned"), by="currency"),
    ),
    Question(
        "new_and_returning_buyers",
        Picture("bars", "month_starts_on", ("n_new_customers", "n_returning_customers")),
    ),
    Question("cohort_retention", Picture("map", "n_months_later", ("retained_percent",), down="cohort")),
    Question("second_order", Picture("curve", "n_days", ("ordered_again_percent",))),
    Question("repeat_intervals", Picture("bars", "from_days", ("n_intervals",))),
    Question("orders_per_customer", Picture("bars", "orders_placed", ("n_customers",))),
    Question("value_curve", Picture("curve", "customer_percent", ("amount_percent_so_far",))),
    Question(
        "rfm_map",
        Picture("bubbles", "mean_recency_days", ("n_customers",), down="mean_amount_spent", by="name"),
    ),
    Question("segment_sizes", Picture("lines", "week_starts_on", ("n_customers",), by="segment_id")),
    Question("segment_moves", Picture("map", "went_to", ("n_moves",), down="came_from")),
    Question("lapsed_value", Picture("bars", "since_last_order", ("amount_spent",))),
    Question("basket_sizes", Picture("bars", "basket_size", ("amount",))),
    Question("basket_affinity"),
    Question("best_sellers"),
    Question("returns"),
    Question("countries"),
    Question("order_times", Picture("map", "hour_of_day", ("n_orders",), down="day_of_week")),
    Question("funnel"),
    Question("reachable_customers", Picture("bars", "marketing_consent", ("n_known_customers",))),
)
