"""What the nights of the small shop have predicted before each build."""

from datetime import timedelta

from expectations.contracts.lake import (
    PRED_CUSTOMER_CLUSTERS,
    PRED_CUSTOMER_SCORES,
    PRED_CUSTOMER_SEGMENTS,
)
from spark_jobs.lake.tables import Lake
from tests.dbt_project.rows import FIRST
from tests.dbt_project.shop import Shop, put

STRANGER = "c_nobody_any_more"
DENIED = "c_i_u2"  # says no before the last build, after they were scored
LIKE = "like_champions"
# By night, days since the first at which somebody comes and goes; the first build finds no such tables.
STAYS = {
    1: [("c_i_u1", 8, None), ("c_i_u2", 8, None)],
    # u1 left, came back; u2 said no since; a browser that became a person is somebody else now.
    2: [
        ("c_i_u1", 8, 12),
        ("c_i_u1", 14, None),
        (DENIED, 8, None),
        ("c_i_u5", 16, None),
        (STRANGER, 8, None),
    ],
}
# The same of tenths of scores; a day more than the last one that was built counts from the next build on.
TENTHS = {
    1: [("churn_30d_decile:10", "c_i_u1", 8, None), ("spend_60d_decile:10", "c_i_u1", 8, None)],
    2: [
        ("churn_30d_decile:10", "c_i_u1", 8, 16),
        ("churn_30d_decile:9", "c_i_u1", 16, None),
        ("spend_60d_decile:10", "c_i_u1", 8, None),
        ("churn_30d_decile:10", "c_i_u3", 18, None),
        ("spend_60d_decile:9", "c_i_u3", 8, 20),
        ("spend_60d_decile:9", "c_i_u4", 40, None),
        ("churn_30d_decile:10", DENIED, 8, None),
        ("spend_60d_decile:10", DENIED, 8, None),
    ],
}


def predict(lake: Lake, shop: Shop, night: int) -> None:
    """Write the three tables of predictions as they stand before a night's build."""
    if night not in STAYS:
        return
    stays = [
        {
            "segment_id": LIKE,
            "customer_id": customer,
            "entered_date": FIRST + timedelta(days=entered),
            "left_date": None if left is None else FIRST + timedelta(days=left),
            "place": place,
            "score": 1.0 / place,
        }
        for place, (customer, entered, left) in enumerate(STAYS[night], start=1)
    ]
    gone = [{**stays[0], "segment_id": "like_nobody"}]  # its definition was deleted
    tenths = [
        {
            **dict.fromkeys(PRED_CUSTOMER_SEGMENTS.columns),
            "segment_id": name,
            "customer_id": customer,
            "entered_date": FIRST + timedelta(days=entered),
            "left_date": None if left is None else FIRST + timedelta(days=left),
            "place": 1,
            "score": 1.0,
        }
        for name, customer, entered, left in TENTHS[night]
    ]
    put(lake, PRED_CUSTOMER_SEGMENTS, stays + gone + tenths)
    day = FIRST + timedelta(days=8 * night + 8)
    known = sorted(set(shop.owner.values()))
    score = {"scored_date": day, "model_version": f"m/{night}", "percentile": 50, "decile": 5, "reasons": []}
    put(
        lake,
        PRED_CUSTOMER_SCORES,
        [
            {**score, "customer_id": customer, "trait": trait, name: n / 64 + night}
            for n, customer in enumerate(dict.fromkeys([*known[:6], DENIED]))
            for trait, name in (("purchase_7d", "probability"), ("spend_60d", "expected_spend"))
        ],
    )
    label = {"scored_date": day, "model_version": f"m/{night}", "cluster_id": "cluster_2"}
    put(
        lake,
        PRED_CUSTOMER_CLUSTERS,
        [
            {**label, "customer_id": customer, "cluster_name": "Buy often"}
            for customer in sorted({*known[3:9], DENIED, STRANGER})
        ],
    )
