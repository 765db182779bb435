"""A file that people write is read, or refused with one sentence: where, what is wrong, what is allowed."""

from typing import Literal

import pytest
from pydantic import Field, field_validator

from expectations.contracts.yaml_files import FileModel, read_yaml, validate


class WrongFileError(ValueError):
    """What the tests ask for."""


class Limit(FileModel):
    kind: Literal["email", "phone"]
    at_most: int = Field(ge=1)
    reason: str = "none"

    @field_validator("reason")
    @classmethod
    def check_reason(cls, reason: str) -> str:
        if not reason:
            raise ValueError("is empty; a limit needs a reason")
        return reason


class Limits(FileModel):
    limits: tuple[Limit, ...] = Field(strict=False)
    giant: int


GOOD = {"limits": [{"kind": "email", "at_most": 3}], "giant": 50}


def test_a_good_document_is_a_value():
    assert validate(Limits, GOOD, "x.yml", WrongFileError) == Limits(
        limits=(Limit(kind="email", at_most=3),), giant=50
    )


@pytest.mark.parametrize(
    ("document", "message"),
    [
        pytest.param(None, "x.yml: is NoneType; wanted a mapping with limits, giant", id="an empty file"),
        pytest.param(
            {"limit": [], "giant": 5}, "x.yml: unknown key 'limit' (did you mean 'limits'?);", id="key"
        ),
        pytest.param({}, "x.yml: limits, giant missing; needed are limits, giant", id="all that is missing"),
        pytest.param(
            GOOD | {"limits": [*GOOD["limits"], {"kind": "email", "at_most": 1, "why": ""}]},
            "x.yml: limits[2]: unknown key 'why'; allowed: kind, at_most, reason",
            id="a key of an entry, counted from 1",
        ),
        pytest.param(
            GOOD | {"limits": [{"kind": "phone"}]},
            "x.yml: limits[1]: at_most missing; needed are kind, at_most",
            id="a key missing in an entry",
        ),
        pytest.param(
            GOOD | {"limits": [{"kind": "phon", "at_most": 1}]},
            "x.yml: limits[1].kind is 'phon' (did you mean 'phone'?); allowed: email, phone",
            id="a word that is not allowed",
        ),
        pytest.param(
            GOOD | {"giant": "50"},
            "x.yml: giant is '50'; wanted a valid integer",
            id="no text read as a number",
        ),
        pytest.param(
            GOOD | {"limits": [{"kind": "phone", "at_most": 0}]},
            "x.yml: limits[1].at_most is 0; wanted greater than or equal to 1",
            id="out of range",
        ),
        pytest.param(
            GOOD | {"limits": [{"kind": "phone", "at_most": 1, "reason": ""}]},
            "x.yml: limits[1].reason: is empty; a limit needs a reason",
            id="a sentence of the model's own",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(document, message):
    with pytest.raises(WrongFileError) as refused:
        validate(Limits, document, "x.yml", WrongFileError)
    assert str(refused.value).startswith(message)


def test_what_is_no_yaml_is_an_error_with_a_hint(tmp_path):
    file = tmp_path / "x.yml"
    file.write_bytes(b"giant: [5")
    with pytest.raises(WrongFileError, match=r"^x\.yml: cannot be read as YAML: .*; see the guide$"):
        read_yaml(file, WrongFileError, hint="see the guide")
    file.write_bytes(b"giant: 5")
    assert read_yaml(file, WrongFileError) == {"giant": 5}
