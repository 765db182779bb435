"""Who may be scored, grouped and listed for an audience, and what they did.

Not those who said no to analytics or personalization, whom a review holds back, or whom the home's
restrictions name. Where these cannot be read, nobody.
"""

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np

from expectations.contracts.home import HomePaths
from expectations.contracts.lake import CORE_IDENTITIES
from expectations.contracts.restrictions import RestrictionsUnreadable
from expectations.contracts.restrictions_store import RestrictionDatabase
from models.predictions.history import CustomerHistory
from spark_jobs.lake.tables import Lake
from spark_jobs.learning_data.customer_history import read_customer_history
from spark_jobs.run.context import RunContext

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ScorableCustomers:
    """Customers with a history that analytics may read.

    Attributes:
        history: None when nobody did anything.
        customer_ids: at the history's numbers.
        allowed: bool [customers]: whom the restrictions that hold now do not name.
        are_restrictions_known: False where they cannot be read, so that nobody is allowed.
    """

    history: CustomerHistory | None
    customer_ids: Sequence[str]
    allowed: np.ndarray
    are_restrictions_known: bool = True

    @property
    def is_empty(self) -> bool:
        return self.history is None

    @property
    def scored_date(self) -> date:
        """The day after the newest behaviour."""
        return np.datetime64(self.history.until, "D").astype(object)


def read_scorable_customers(run: RunContext, lake: Lake, con: duckdb.DuckDBPyConnection) -> ScorableCustomers:
    """Tonight's customers.

    Args:
        con: of `open_learning_data`.
    """
    found = read_customer_history(con, lake)
    if found is None:
        return ScorableCustomers(None, [], np.zeros(0, bool))
    history, customer_ids = found
    allowed = find_allowed(run.settings.paths, lake, customer_ids)
    if allowed is None:
        return ScorableCustomers(history, customer_ids, np.zeros(len(customer_ids), bool), False)
    return ScorableCustomers(history, customer_ids, allowed)


def find_allowed(paths: HomePaths, lake: Lake, customer_ids: Sequence[str]) -> np.ndarray | None:
    """bool [customers]: whom the restrictions that hold now do not name; None where they cannot be read."""
    if not paths.restrictions.exists():
        return np.ones(len(customer_ids), bool)  # before the first night is published
    names = defaultdict(list)
    identities = lake.read_arrow(CORE_IDENTITIES, ["identifier_id", "customer_id"])
    for identifier, customer in zip(*(column.to_pylist() for column in identities.columns), strict=True):
        names[customer].append(identifier)
    version = lake.version(CORE_IDENTITIES)
    try:
        with RestrictionDatabase(paths.restrictions).open_view() as view:
            return np.array([view.may_be_personal([one, *names[one]], version) for one in customer_ids], bool)
    except RestrictionsUnreadable as error:
        logger.warning(f"{error}: nobody is scored", extra={"table": "pred_customer_scores"})
        return None
