"""Names are drawn from the syntax tree: by seed, spread over the folders, public ones only."""

from pathlib import Path

import pytest

from benchmarks import guess_names

MODELS = '''
class Fit(Base):
    """A fit."""

    size: int = 3

    def method(self): ...


class Walk:
    def __init__(self, steps: int, *, seed=7): ...


def _hidden(): ...


def score(rows: list[int], *, limit: int = 10) -> list[int]:
    """The best rows,
    best first.

    More.
    """
'''


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for path, text in {
        "models/fit.py": MODELS,
        "segments/__init__.py": "\n".join(f"def segment_{n}(): ..." for n in range(9)),
        "tests/test_fit.py": "def test_fit(): ...",
    }.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def test_lists_public_top_level_names_with_signature_and_first_paragraph(checkout: Path) -> None:
    names = {name.qualified_name: name for name in guess_names.list_public_names(checkout)}
    assert sorted(names) == [
        "models.fit.Fit",
        "models.fit.Walk",
        "models.fit.score",
        *sorted(f"segments.segment_{n}" for n in range(9)),
    ]
    assert names["models.fit.Fit"].signature == "class models.fit.Fit(Base): size: int = 3"
    assert names["models.fit.Walk"].signature == "class models.fit.Walk: steps: int, *, seed=7"
    assert (
        names["models.fit.score"].signature
        == "models.fit.score(rows: list[int], *, limit: int=10) -> list[int]"
    )
    assert names["models.fit.score"].answer == "The best rows, best first."
    assert "steps: int" in names["models.fit.Walk"].answer, "a name without a docstring shows its source"


def test_each_folder_has_its_share_of_what_is_drawn(checkout: Path) -> None:
    names = guess_names.list_public_names(checkout)
    assert guess_names.allocate_by_folder(names, 8) == {"models": 2, "segments": 6}
    assert guess_names.allocate_by_folder(names, 5) == {"models": 1, "segments": 4}
    drawn = guess_names.draw_names(names, 8, seed=14)
    assert sum(name.folder == "models" for name in drawn) == 2 and len(set(drawn)) == 8
    assert drawn == guess_names.draw_names(names, 8, seed=14) != guess_names.draw_names(names, 8, seed=15)
    assert len(guess_names.draw_names(names, 60, seed=14)) == len(names)


def test_questions_do_not_show_the_answers(
    checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    folder = tmp_path / "out"
    guess_names.main(["--root", str(checkout), "--to", str(folder), "--count", "12"])
    assert "12 of 12 public names (models 3, segments 9), seed 14" in capsys.readouterr().out
    texts = {path.name: path.read_text() for path in folder.iterdir()}
    assert sorted(texts) == ["answers.md", "questions-names.md", "questions-signatures.md"]
    assert "The best rows, best first." in texts["answers.md"]
    assert "best first" not in texts["questions-names.md"] + texts["questions-signatures.md"]
    assert "rows" not in texts["questions-names.md"] and "rows: list[int]" in texts["questions-signatures.md"]
