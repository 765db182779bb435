"""What `pred_customer_clusters` must hold before anybody may read it."""

from expectations.contracts.lake import PRED_CUSTOMER_CLUSTERS
from expectations.suites.suite import Suite, expect_customer_ids, expect_each_row, expect_match

SUITE = Suite(
    PRED_CUSTOMER_CLUSTERS,
    (
        expect_customer_ids(),
        expect_match("cluster_id", "^cluster_[0-9]+$", "A reader chooses by the cluster's id."),
        expect_each_row(
            "one_name",
            "cluster_name = max(cluster_name) over (partition by cluster_id)",
            "Of two names of one cluster nobody knows which is meant.",
            looks_across_rows=True,
        ),
        expect_each_row(
            "one_day",
            "scored_date = max(scored_date) over ()",
            "A label of an earlier night was left behind.",
            looks_across_rows=True,
        ),
    ),
)
