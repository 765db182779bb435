"""Records of people as they are compared: contacts as the rules see them, and none that nobody stands behind.

A placeholder on thirty cards is thirty people with one e-mail to any comparison, and thirty pairs each that
agree.
"""

import re
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from spark_jobs.identify.rules.parse import Blocked

CONTACTS = ("email", "phone")
IDENTIFIERS = ("identifier_id", "kind", "value_normalised")


def comparable(people: pa.Table, identifiers: pa.Table, rules: Sequence[Blocked]) -> pa.Table:
    """`core_people` with each contact's normalised value, null where it is blocked.

    Args:
        people: `core_people`.
        identifiers: the columns IDENTIFIERS of `core_identifiers`.
        rules: which values nobody stands behind.
    """
    for contact in CONTACTS:
        known = identifiers.filter(pc.equal(identifiers["kind"], contact))
        said = [
            None if is_nobodys(contact, value, rules) else value
            for value in known["value_normalised"].to_pylist()
        ]
        row = pc.index_in(
            people[f"{contact}_identifier_id"], value_set=known["identifier_id"].combine_chunks()
        )
        value = pc.if_else(
            pc.is_null(row), people[contact], pa.array(said, pa.string()).take(row.combine_chunks())
        )
        people = people.set_column(people.schema.get_field_index(contact), contact, value)
    return people


def is_nobodys(kind: str, value: str, rules: Sequence[Blocked]) -> bool:
    """Whether a rule blocks this normalised value; `guard.blocked` says the same in Spark."""
    return any(kind in rule.kinds and re.fullmatch(rule.pattern, value) for rule in rules)
