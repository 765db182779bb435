"""What cannot be understood is refused at its line and column, with what is wrong and what is allowed."""

from pathlib import Path

import pytest
import yaml

from segments.parsing.definitions import parse_definition
from segments.parsing.flaws import SegmentError
from tests.segments.parsing.texts import HEAD, define

RULES = yaml.safe_load((Path(__file__).parent / "refused_rules.yml").read_text())


def refuse(text: str) -> str:
    with pytest.raises(SegmentError) as refused:
        parse_definition(text, "some.yml")
    return str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("[]", "1:1: is a list; wanted a mapping with segment_id, name", id="not a mapping"),
        pytest.param("", "1:1: is empty; wanted a definition", id="nothing"),
        pytest.param(
            HEAD + "member: {}", "5:1: unknown key 'member' (did you mean 'members'?)", id="a key misspelt"
        ),
        pytest.param(HEAD.replace("Some\n", "' '\n"), "2:7: name: is empty; wanted text", id="no name"),
        pytest.param(
            "segment_id: some\nkind: rule\n",
            "1:1: name, description, members missing; needed are segment_id, name, kind, description,",
            id="keys left out",
        ),
        pytest.param(
            HEAD.replace("rule", "list"), "3:7: unknown kind 'list'; allowed: rfm, rule", id="an unknown kind"
        ),
        pytest.param(
            HEAD.replace("some\n", "So me\n"),
            "1:13: segment_id is 'So me'; allowed: small letters, digits and underscores",
            id="no id",
        ),
        pytest.param(
            HEAD.replace("some\n", "sümme\n"), "1:13: segment_id is 'sümme'; allowed: small", id="ü"
        ),
        pytest.param(
            HEAD.replace("Some\n", "\"{{ env_var('HOME') }}\"\n"),
            "2:7: name: \"{{ env_var('HOME') }}\" contains {{; allowed: any text without {{ {% {# \\",
            id="Jinja",
        ),
        pytest.param(
            HEAD.replace("Some\n", "'{% raw %}'\n"), "2:7: name: '{% raw %}' contains {%;", id="a tag"
        ),
        pytest.param(HEAD.replace("Some.", "'{# for good'"), "4:14: description: '{# for", id="a comment"),
        pytest.param(HEAD.replace("Some.", "Gone\\' or 1"), "contains \\;", id="a backslash"),
        pytest.param(HEAD.replace("Some.", '"a\\u0007"'), "contains a control character", id="a bell"),
        pytest.param(HEAD.replace("Some.", "[Some]"), "4:14: description: is a list, not text", id="a list"),
        pytest.param(
            HEAD.replace("Some.", "true"),
            "4:14: description: is true, not text; wanted text, in quotes",
            id="true",
        ),
        pytest.param(
            HEAD.replace("Some.", "x" * 1001), "has 1,001 characters; allowed: 1,000", id="too long"
        ),
    ],
)
def test_of_a_file(text, message):
    assert f"some.yml:{message}" in refuse(text) if message[0].isdigit() else message in refuse(text)


@pytest.mark.parametrize("case", RULES.values(), ids=RULES.keys())
def test_of_a_rule(case):
    message = refuse(define(case["rule"]))
    assert message.startswith("some.yml:5:")
    assert (f"some.yml:{case['message']}" if case["message"].startswith("5:") else case["message"]) in message


def test_of_a_number_of_400_digits():
    assert "takes a number, finite" in refuse(define(f'{{field: n_orders, op: "<", value: 1{"0" * 400}}}'))


def test_all_that_is_wrong_is_said_at_once_in_the_order_of_the_file():
    text = define('{all: [{count: vew, op: "=", value: 1}, {field: n_order, op: "=", value: 1}]}')
    lines = refuse(text.replace("kind: rule", "kind: rul")).splitlines()
    assert [line.split(": ")[0] for line in lines] == ["some.yml:3:7", "some.yml:5:25", "some.yml:5:58"]


def test_no_more_is_said_than_can_be_read():
    rules = ", ".join('{field: x, op: "=", value: 1}' for _ in range(25))
    lines = refuse(define(f"{{all: [{rules}]}}")).splitlines()
    assert (len(lines), lines[-1]) == (21, "some.yml: and 5 more")
