# /// script
# requires-python = "==3.12.*"
# dependencies = ["pymc-marketing==1.3.0"]
# ///
"""BG/NBD (Fader et al. 2005) with Gamma-Gamma, fitted by maximum a posteriori; in an environment of its own,
which `benchmarks.predictions` has uv make: the library asks for a newer Python than ours.

    uv run --script benchmarks/buy_till_you_die.py CUSTOMERS.csv DAYS... > ANSWER.csv
"""

import sys

import pandas as pd


def predict(customers: pd.DataFrame, horizons: list[int]) -> pd.DataFrame:
    """One row per customer and horizon: chance of a purchase, purchases and spend expected.

    Args:
        customers: customer_id, frequency, recency, T, monetary_value, as the library's own
            `rfm_summary` counts them, in days.
    """
    from pymc_marketing.clv import BetaGeoModel, GammaGammaModel

    buys = BetaGeoModel()
    buys.fit(customers, method="map", progressbar=False)
    repeaters = customers[(customers["frequency"] > 0) & (customers["monetary_value"] > 0)]
    pays = GammaGammaModel()
    pays.fit(repeaters, method="map", progressbar=False)
    # Of a customer with one purchase the model knows no repeat spend, and gives the mean of all.
    spend = pays.expected_customer_spend(customers).mean(("chain", "draw")).to_numpy()
    answers = []
    for days in horizons:
        purchases = buys.expected_purchases(customers, future_t=days).mean(("chain", "draw")).to_numpy()
        none = buys.expected_probability_no_purchase(days, customers).mean(("chain", "draw")).to_numpy()
        answers.append(
            pd.DataFrame(
                {
                    "customer_id": customers["customer_id"],
                    "days": days,
                    "probability": 1 - none,
                    "purchases": purchases,
                    "spend": purchases * spend,
                }
            )
        )
    return pd.concat(answers)


if __name__ == "__main__":
    rows = predict(pd.read_csv(sys.argv[1]), [int(days) for days in sys.argv[2:]])
    rows.to_csv(sys.stdout, index=False)
