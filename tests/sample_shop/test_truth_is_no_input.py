"""Nothing in the pipeline knows the truth: no module names its folder, none imports the shop."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PIPELINE = ("dags", "spark_jobs", "models", "segments", "serving_app", "dbt_project", "expectations")
SUFFIXES = {".py", ".sql", ".yml", ".yaml", ".json", ".sh", ".toml"}
FOLDER = re.compile(r"""["'/]truth["'/]|\.truth\b""")
# `HomePaths` says where each file of a home lies; `land` starts the shop's own program and tells it where its
# truth goes. Neither reads it.
HANDED_ON = re.compile(
    r"""["']--truth["'][,:]\s*(str\([^()]*["']truth["']\)|[\w.]+\.truth\b)|return self\.root / "truth"$""",
    re.MULTILINE,
)
IMPORT = re.compile(
    r"^\s*(from|import)\s+sample_shop\b|python -m sample_shop|import_module\(.sample_shop", re.MULTILINE
)


def guilty(text: str) -> bool:
    return bool(FOLDER.search(HANDED_ON.sub("", text)) or IMPORT.search(text))


@pytest.mark.parametrize("folder", PIPELINE)
def test_no_pipeline_file_names_the_truth_or_imports_the_shop(folder):
    files = [
        path for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES and "target" not in path.parts
    ]
    assert files, f"{folder} holds nothing to check"
    assert [str(path.relative_to(ROOT)) for path in files if guilty(path.read_text(errors="replace"))] == []


@pytest.mark.parametrize(
    "text",
    [
        'home / "truth"',
        "settings.paths.truth",
        "glob('/home/truth/*')",
        "from sample_shop.judge import Judge",
        "import sample_shop",
    ],
)
def test_the_search_would_find_it(text):
    assert guilty(text)
    assert not guilty('[program, "--truth", str(home / "truth")]')
    assert not guilty('{"--truth": settings.paths.truth, "--seed": 7}')
    assert not guilty("the orders feed is the truth about purchases; source sample_shop")


def test_the_shop_imports_nothing_of_ours_and_reads_no_environment():
    ours = re.compile(
        r"^\s*(from|import) (dags|spark_jobs|models|segments|serving_app|expectations)\b", re.MULTILINE
    )
    for path in (ROOT / "sample_shop").glob("*.py"):
        text = path.read_text()
        assert not ours.search(text) and "environ" not in text and "getenv" not in text, path.name
