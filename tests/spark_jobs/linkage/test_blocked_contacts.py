"""What is compared of a record: contacts as the rules see them."""

import pyarrow as pa

from expectations.contracts.identity_rules import load_identity_rules
from spark_jobs.linkage.blocked_contacts import mask_blocked_contacts


def test_contacts_are_compared_as_the_rules_see_them():
    """`0151 12345678` is the account's number; nobody stands behind `test@test.com`; who gave no phone has
    none.
    """
    people = pa.table(
        {
            "first_name": ["Ann", "Bob", "Cy"],
            "email": [" Ann@X.de", "test@test.com", None],
            "phone": ["0151 12345678", None, "+49 151 12345678"],
            "email_identifier_id": ["i_ann", "i_test", None],
            "phone_identifier_id": ["i_phone", None, "i_phone"],
        }
    )
    identifiers = pa.table(
        {
            "identifier_id": ["i_phone", "i_test", "i_ann"],
            "kind": ["phone", "email", "email"],
            "value_normalised": ["+4915112345678", "test@test.com", "ann@x.de"],
        }
    )
    rules = load_identity_rules().blocked
    found = mask_blocked_contacts(people, identifiers, rules)
    assert found.column_names == people.column_names
    assert found["email"].to_pylist() == ["ann@x.de", None, None]
    assert found["phone"].to_pylist() == ["+4915112345678", None, "+4915112345678"]
    assert found["first_name"].to_pylist() == ["Ann", "Bob", "Cy"]
    nothing = mask_blocked_contacts(people.slice(0, 0), identifiers.slice(0, 0), rules)
    assert nothing.num_rows == 0 and nothing.column_names == people.column_names
