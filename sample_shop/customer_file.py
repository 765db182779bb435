"""The customer file of a sample shop as one table, with the truth of who stands behind each record."""

import pyarrow as pa

from sample_shop.crm import PEOPLE_HEADER, Crm
from sample_shop.people import People


def make_customer_file(seed: int, n_customers: int, n_days: int) -> pa.Table:
    """The people feed of a sample shop's last day, and `person`, who truly stands behind each record."""
    people, crm = People(seed, n_customers), Crm(seed)
    for day in range(n_days):
        people.add_newcomers(day)
        withdrew, changed = people.withdraw_consents(day), people.change_contacts(day)
        crm.create_records(people, day)
        crm.update_records(people, day, changed, withdrew)
    columns = {
        name: pa.array([record[name] or None for record in crm.records], pa.string())
        for name in PEOPLE_HEADER
    }
    return pa.table({**columns, "person": pa.array(crm.owner)})
