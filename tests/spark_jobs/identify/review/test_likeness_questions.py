"""Questions about likeness: pairs in doubt, pairs that a rule holds, and what ends them."""

from tests.spark_jobs.identify.review.test_questions import ask, link, pairs, person

ALIKE = [*person("1", ("crm", "email")), *person("2", ("crm", "email")), *person("3", ("crm", "email"))]


def test_likeness_in_doubt_and_likeness_that_a_rule_holds():
    held = link("crm:1", "crm:3", "alike", 0.99, "contradiction/user_id")
    found = ask([*ALIKE, held], likeness=[("1", "2", 0.9), ("1", "3", 0.99), ("2", "3", 0.7)])
    rows = found.rows.to_pylist()
    assert [(r["identifier_id_a"], r["identifier_id_b"], r["score"]) for r in rows] == [
        ("crm:1", "crm:3", 0.99),
        ("crm:1", "crm:2", 0.9),
    ]
    assert (
        rows[0]["because"]
        == "0.990 likely one person, and not joined: alike 0.990, held by contradiction/user_id; postcode"
        " same +8.1"
    )
    assert rows[1]["because"] == "0.900 likely one person, below the 0.95 that joins; postcode same +8.1"
    assert [r["n_identifiers"] for r in rows] == [4, 4]


def test_two_customers_are_asked_about_once_and_one_customer_never():
    one = [*ALIKE, link("crm:2", "crm:3", "alike", 0.99)]
    found = ask(one, likeness=[("1", "2", 0.85), ("1", "3", 0.9), ("2", "3", 0.99)])
    assert pairs(found, "likeness") == [("crm:1", "crm:3")] and found.n_found["likeness"] == 1


def test_a_split_ends_every_question_between_the_two_customers_a_refusal_only_its_own():
    likeness = [("1", "2", 0.9), ("1", "3", 0.88)]
    one = [*ALIKE, link("crm:2", "crm:3", "alike", 0.99)]
    assert pairs(ask(one, likeness, [("split", "email:1", "email:2", True)]), "likeness") == []
    assert pairs(ask(one, likeness, [("refuse", "crm:1", "crm:2", True)]), "likeness") == [("crm:1", "crm:3")]
