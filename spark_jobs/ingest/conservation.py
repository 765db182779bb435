"""The conservation check: each received record has one outcome, from inserted to quarantined."""

from spark_jobs.run.context import TableReport


class UnbalancedError(RuntimeError):
    """Records were received and are neither in a table nor refused: some would be lost unseen."""


def check_balance(reports: list[TableReport]) -> None:
    """Check that every received record has one outcome.

    Raises:
        UnbalancedError: names the tables and their numbers.
    """
    unbalanced = [
        f"{each.table_name} received {each.n_received} = {each.n_inserted} inserted + {each.n_updated}"
        f" updated + {each.n_unchanged} unchanged + {each.n_superseded} superseded + {each.n_duplicate}"
        f" duplicate + {each.n_quarantined} quarantined?"
        for each in reports
        if not each.is_balanced
    ]
    if unbalanced:
        raise UnbalancedError(f"rows received and outcomes do not add up: {'; '.join(unbalanced)}")
