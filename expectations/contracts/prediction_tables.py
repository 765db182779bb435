"""The lake's tables of predictions: what customers are expected to do, and how they shop."""

from expectations.contracts.tables import Table

PRED_CUSTOMER_SCORES = Table(
    name="pred_customer_scores",
    grain="One row per customer and predictive trait.",
    key=("customer_id", "trait"),
    not_null=("scored_date", "model_version", "percentile", "decile"),
    ranges={"percentile": (1, 100), "decile": (1, 10)},
    columns={
        "customer_id": "string",
        "trait": "string",  # purchase_7d, purchase_30d, churn_30d, churn_60d, spend_60d
        "scored_date": "date",  # the first day that is predicted
        "model_version": "string",
        "probability": "double",  # null for spend
        "expected_spend": "double",  # null for probabilities; in the shop's currency
        "percentile": "int",  # among the customers of the trait; 100 are the highest
        "decile": "int",
        # strongest first; `contribution` to the log-odds, or to the logarithm of the amount
        "reasons": "array<struct<code:string,words:string,effect:string,contribution:double>>",
    },
)

PRED_CUSTOMER_CLUSTERS = Table(
    name="pred_customer_clusters",
    grain="One row per customer who lies in a behavioural cluster.",
    key=("customer_id",),
    not_null=("scored_date", "cluster_id", "cluster_name", "model_version"),
    columns={
        "customer_id": "string",
        "scored_date": "date",  # the day after the newest behaviour
        "cluster_id": "string",  # cluster_3; kept from fit to fit
        "cluster_name": "string",
        "model_version": "string",
    },
)

PRED_CUSTOMER_SEGMENTS = Table(
    name="pred_customer_segments",
    grain="One row per stay of a customer in a learned segment, or in a tenth of a score that a rule names.",
    key=("segment_id", "customer_id", "entered_date"),
    not_null=("place",),
    ranges={"place": (1, 1_000_000_000)},
    columns={
        "segment_id": "string",  # of a tenth churn_30d_decile:10, as rules name the field
        "customer_id": "string",
        "entered_date": "date",  # the first day that begins with them inside
        "left_date": "date",  # the first day that begins without them; null while they are inside
        "place": "int",  # 1 is the most alike, or wants it most; on the last night inside
        "score": "double",
    },
)
