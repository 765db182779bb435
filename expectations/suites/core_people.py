"""What `core_people` must hold before anyone reads it. It holds personal values: results are counts."""

from expectations.contracts.lake import CORE_PEOPLE
from expectations.suites.suite import WARN, Suite, expect_each_row, expect_identifier_ids, expect_not_empty

NO_VALUES = " and ".join(f"{name} is null" for name in (*CORE_PEOPLE.personal, "country"))
SUITE = Suite(
    CORE_PEOPLE,
    (
        expect_not_empty("A shop that has a customer file has customers in it.", WARN),
        *expect_identifier_ids(
            "crm_identifier_id", "user_identifier_id", "email_identifier_id", "phone_identifier_id"
        ),
        expect_each_row(
            "somebody_is_meant",
            "coalesce(crm_identifier_id, user_identifier_id, email_identifier_id, phone_identifier_id) is not"
            " null",
            "A record without an identifier belongs to no customer.",
        ),
        expect_each_row(
            "email_has_its_id",
            "email is null or trim(email) = '' or email_identifier_id is not null",
            "An e-mail without its id links nothing.",
        ),
        expect_each_row(
            "ended_has_no_values",
            f"ended_on is null or ({NO_VALUES})",
            "Whoever was taken out of the file is not to be known any more.",
        ),
        expect_each_row(
            "email_looks_like_one",
            "regexp_matches(email, '^[^@ ]+@[^@ ]+$')",
            "A till's remark as an e-mail reaches nobody.",
            WARN,
        ),
        expect_each_row(
            "updated_after_created",
            "updated_at >= created_at",
            "The source's clock or its columns are mixed up.",
            WARN,
        ),
        expect_each_row(
            "born_in_living_memory",
            "birth_date between date '1900-01-01' and cast(updated_at as date)",
            "A default date counts as an age.",
            WARN,
        ),
    ),
)
