"""One module knows where the files of a home lie, and nobody else joins the names of its folders."""

import re
from pathlib import Path

import pytest

from expectations.contracts.home import HomePaths

ROOT = Path(__file__).parents[3]
PACKAGES = (
    "benchmarks",
    "dags",
    "expectations",
    "models",
    "operate",
    "segments",
    "serving_app",
    "spark_jobs",
)
OWN = ROOT / "expectations" / "contracts" / "home.py"
NAMES = sorted(
    {
        value.relative_to("home").parts[0]
        for name, kind in vars(HomePaths).items()
        if isinstance(kind, property)
        for value in [getattr(HomePaths(Path("home")), name)]
    }
    | {"reports", "scoring"}
)
# `home / "lake"`, `settings.home / "mlflow"`, `Path("serving") / …`
JOINED = re.compile(
    rf"""(?:\bhome\b|\bHOME\b|\bhomes\[\d\])\)?\s*/\s*f?"(?:{"|".join(map(re.escape, NAMES))})\b"""
    rf"""|\bPath\("(?:{"|".join(map(re.escape, NAMES))})"\)\s*/""",
    re.VERBOSE,
)


def test_no_other_module_joins_the_names_of_a_homes_folders():
    joined = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if path != OWN
        for match in JOINED.finditer(path.read_text())
    ]
    assert not joined, f"ask expectations.contracts.home.HomePaths instead: {joined}"


@pytest.mark.parametrize(
    "code", ['home / "lake"', 'settings.home / "reports"', 'Path("serving") / "state"', 'HOME / "logs"']
)
def test_a_join_is_found(code):
    assert JOINED.search(code)


def test_every_path_lies_in_the_home():
    paths = HomePaths(Path("/shop"))
    properties = [name for name, kind in vars(HomePaths).items() if isinstance(kind, property)]
    places = [getattr(paths, name) for name in properties]
    assert all(place.is_relative_to("/shop") for place in places)
    assert len(set(places)) == len(places)
