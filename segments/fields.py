"""The fields a segment's rule may name, as dbt's `int_segment_inputs` has them of the end of a day: a
customer's state, and what the profile and predictions know beside it.

A field without a value for a customer is not known: `days_since_last_order` of someone who never bought.
"""

from dataclasses import dataclass
from typing import Literal

from segments.tree.measures import Measure


@dataclass(frozen=True)
class Field:
    """What a field holds, and what it means.

    Attributes:
        measure: of a declared trait what it is worked out of, which stands in a rule in the field's place.
    """

    kind: Literal["number", "boolean", "text"]
    about: str
    measure: Measure | None = None


FIELDS = {
    "days_since_first_seen": Field("number", "days since the customer's first activity"),
    "days_since_last_seen": Field("number", "days since the customer's last activity"),
    "days_since_first_order": Field("number", "days since the first order; unknown before it"),
    "days_since_last_order": Field("number", "days since the last order; unknown before the first"),
    "days_since_last_cart": Field("number", "days since something was last put into the cart"),
    "n_orders": Field("number", "orders with a sold line, so far"),
    "n_orders_90d": Field("number", "orders of the last 90 days, the day itself included"),
    "n_returns": Field("number", "returns so far"),
    "amount_spent": Field("number", "what sold lines cost so far"),
    "amount_spent_90d": Field("number", "what sold lines of the last 90 days cost"),
    "amount_returned": Field("number", "what came back so far, positive"),
    "amount_net": Field("number", "amount_spent − amount_returned"),
    "returned_percent": Field(
        "number", "amount_returned in percent of amount_spent, rounded down; unknown before the first order"
    ),
    "overdue_percent": Field(
        "number",
        "time since the last order in percent of the mean time between orders, rounded down; unknown before"
        " the second",
    ),
    "n_consumable_days": Field("number", "days on which something consumable was bought, so far"),
    "n_views_30d": Field("number", "items viewed in the last 30 days"),
    "n_carts_30d": Field("number", "items put into the cart in the last 30 days"),
    "has_open_cart": Field("boolean", "something was put into the cart after the last order"),
    "n_category_lines": Field("number", "sold lines whose item has a category, so far"),
    "favourite_category_percent": Field(
        "number", "share of those lines in the customer's commonest category, percent"
    ),
    "recency_score": Field(
        "number",
        "1 to 5: quintile by last order among those who had bought; 5 is most recent; unknown while all are"
        " equal",
    ),
    "frequency_score": Field("number", "1 to 5: quintile by n_orders; 5 is most often"),
    "monetary_score": Field("number", "1 to 5: quintile by amount_spent; 5 is most"),
    "value_score": Field("number", "1 to 5: mean of frequency_score and monetary_score, halves rounded up"),
    "spend_percentile": Field("number", "how many percent of that day's customers with an order spent less"),
}

SCORES = ("churn_30d", "churn_60d", "purchase_7d", "purchase_30d", "spend_60d")
OF_SCORES = {f"{score}_decile": score for score in SCORES}
# What `int_profile_changes` has: consents and scores by the day from which they hold, the others as of now.
PROFILE_FIELDS = {
    "country": Field("text", "where the customer is, two letters; that of the night on all days"),
    "is_known": Field(
        "boolean",
        "whether the customer has an account, not a browser alone; that of the night on all days",
    ),
    "marketing_consent": Field("text", "granted or denied; unknown before either was said"),
    "personalization_consent": Field("text", "granted or denied; unknown before either was said"),
    "analytics_consent": Field("text", "granted or denied; unknown before either was said"),
    **{
        name: Field("number", f"1 to 10: tenth of the customers by the score {score}; 10 are the highest")
        for name, score in OF_SCORES.items()
    },
}
NIGHT_FIELDS = {**FIELDS, **PROFILE_FIELDS}
