"""Which dbt models can be traits: what each lacks is said, and the others are taken."""

import pytest

from segments.fields import FIELDS
from segments.parsing.definitions import load_definitions, load_segments
from segments.parsing.flaws import SegmentError
from segments.sql_traits import describe_sql_fields, load_shop_sql_traits, load_sql_traits
from tests.segments.parsing.texts import define

PAGE = """models:
  - name: {model}
    columns:
      - {{name: customer_id, data_type: varchar, description: Whose.}}
      - {{name: {column}, data_type: "{type}", description: {about}}}
"""


def write(folder, model, column="share", type="double", about="A share.", page=PAGE):
    (folder / f"{model}.sql").write_text("select 1")
    (folder / f"{model}.yml").write_text(page.format(model=model, column=column, type=type, about=about))


def test_columns_become_fields_of_their_kinds(tmp_path):
    write(tmp_path, "a", "share")
    write(tmp_path, "b", "has_it", "BOOLEAN")
    write(tmp_path, "c", "since", "date")
    write(tmp_path, "d", "spent", "decimal(38, 4)")
    traits, flaws = load_sql_traits((), tmp_path)
    fields, absent = describe_sql_fields(traits)
    assert not flaws and {name: field.kind for name, field in fields.items()} == {
        "share": "number",
        "has_it": "boolean",
        "spent": "number",
    }
    assert absent == {"since": "is a date, which no rule compares"}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"column": "n_orders"}, "wrong: the name n_orders is taken, it is a field or declared trait"),
        ({"column": "right"}, "wrong: the name right is taken, it is of right"),
        ({"column": "Share"}, "wrong: the column 'Share'; allowed: small letters"),
        ({"type": "json"}, "wrong: the data_type of share is json; allowed: bigint, double"),
        ({"about": "''"}, "wrong: the description of share is empty"),
        ({"page": PAGE.replace("customer_id", "customer")}, "wrong: no column customer_id"),
        ({"page": "models:\n  - name: another\n"}, "wrong.sql: no .yml beside it names its columns"),
        (
            {"page": "models:\n  - {{name: wrong, columns: {{customer_id: varchar}}}}\n"},
            "wrong: columns is no list",
        ),
        ({"page": "models:\n  - {{name: wrong, columns: [customer_id]}}\n"}, "wrong: columns is no list"),
        ({"page": "models: 2026-13-01\n"}, "wrong.yml: no list of models, as dbt wants it"),
        ({"page": "[" * 5_000}, "wrong.yml: no list of models, as dbt wants it"),
        ({"page": "models: ["}, "wrong.yml: no list of models, as dbt wants it"),
    ],
)
def test_a_wrong_one_is_left_out_alone(tmp_path, more, said):
    write(tmp_path, "right", "right")
    write(tmp_path, "wrong", **more)
    traits, flaws = load_sql_traits(FIELDS, tmp_path)
    assert [trait.model for trait in traits] == ["right"]
    assert flaws[0].message.startswith(said) and flaws[0].file.startswith("wrong.")


def test_files_whose_names_or_bytes_are_of_no_trait_are_left_out(tmp_path):
    write(tmp_path, "right", "right")
    (tmp_path / "it's (a) [b].sql").write_text("select 1")
    (tmp_path / "bytes.yml").write_bytes(b"\xff\xfe")
    traits, flaws = load_sql_traits(FIELDS, tmp_path)
    assert [trait.model for trait in traits] == ["right"]
    assert [flaw.file for flaw in flaws] == ["bytes.yml", "it's (a) [b].sql"]


def test_the_language_knows_a_shipped_one_and_the_night_does_not(tmp_path):
    assert load_shop_sql_traits()[1] == []
    (tmp_path / "some.yml").write_text(define('{field: has_returned, op: "=", value: true}'))
    [definition] = load_definitions([tmp_path / "some.yml"])
    assert definition.segment.members.measure.name == "has_returned"
    with pytest.raises(SegmentError, match="is a trait of SQL, known only as of the nights that were run"):
        load_segments(tmp_path)
