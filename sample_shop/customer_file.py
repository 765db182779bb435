"""The customer file of a sample shop as one table, with the truth of who stands behind each record."""

import pyarrow as pa

from sample_shop.crm import HEADER, Crm
from sample_shop.people import People


def make_customer_file(seed: int, n_customers: int, n_days: int) -> pa.Table:
    """The people feed of a sample shop's last day, and `person`, who truly stands behind each record."""
    people, crm = People(seed, n_customers), Crm(seed)
    for day in range(n_days):
        people.arrive(day)
        withdrew, changed = people.withdraw(day), people.change(day)
        crm.register(people, day)
        crm.update(people, day, changed, withdrew)
    columns = {
        name: pa.array([record[name] or None for record in crm.records], pa.string()) for name in HEADER
    }
    return pa.table({**columns, "person": pa.array(crm.owner)})
