"""Person records before they are compared: contacts in normal form, and without blocked values.

A placeholder on thirty cards is thirty people with one e-mail to any comparison, and thirty pairs each that
agree.
"""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from expectations.contracts.identity_rules import BlockedValues, is_blocked_value

CONTACTS = ("email", "phone")
IDENTIFIER_COLUMNS = ("identifier_id", "kind", "value_normalised")


def mask_blocked_contacts(
    people: pa.Table, identifiers: pa.Table, blocked: Sequence[BlockedValues]
) -> pa.Table:
    """`core_people` with each contact's normalised value, null where it is blocked.

    Args:
        people: `core_people`.
        identifiers: the columns IDENTIFIER_COLUMNS of `core_identifiers`.
        blocked: the identity rules that block values.
    """
    for contact in CONTACTS:
        known = identifiers.filter(pc.equal(identifiers["kind"], contact))
        values = [
            None if is_blocked_value(contact, value, blocked) else value
            for value in known["value_normalised"].to_pylist()
        ]
        row = pc.index_in(
            people[f"{contact}_identifier_id"], value_set=known["identifier_id"].combine_chunks()
        )
        value = pc.if_else(
            pc.is_null(row), people[contact], pa.array(values, pa.string()).take(row.combine_chunks())
        )
        people = people.set_column(people.schema.get_field_index(contact), contact, value)
    return people
