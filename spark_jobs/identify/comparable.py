"""Records of people as they are compared: contacts as the rules see them, and none that nobody stands behind.

A placeholder on thirty cards is thirty people with one e-mail to any comparison, and thirty pairs each that agree.
"""

from collections.abc import Set

import pyarrow as pa
import pyarrow.compute as pc

CONTACTS = ("email", "phone")


def comparable(people: pa.Table, identifiers: pa.Table, nobody: Set[str]) -> pa.Table:
    """`core_people` with each contact's normalised value, null where it is blocked.

    Args:
        people: `core_people`.
        identifiers: `identifier_id, value_normalised` of `core_identifiers`.
        nobody: identifiers that a rule blocks.
    """
    for contact in CONTACTS:
        ids = people[f"{contact}_identifier_id"]
        row = pc.index_in(ids, value_set=identifiers["identifier_id"].combine_chunks())
        value = identifiers["value_normalised"].combine_chunks().take(row)
        somebodys = pc.invert(pc.is_in(ids, value_set=pa.array(sorted(nobody), pa.string())))
        value = pc.if_else(somebodys, value, pa.scalar(None, pa.string()))
        people = people.set_column(people.schema.get_field_index(contact), contact, value)
    return people
