"""The README's tables are true: steps, tables, Make targets, folders."""

import re
from pathlib import Path

from expectations.contracts.lake import LAKE
from spark_jobs.run.launcher import STEP_MODULES

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()


def flow_rows() -> dict[str, list[str]]:
    """The flow table: step → its other cells."""
    table = README.split("## How a night flows")[1].split("##")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in table.splitlines()
        if line.startswith("| `")
    ]
    return {cells[0].strip("`"): cells[1:] for cells in rows}


def test_the_flow_table_has_the_steps_of_the_night_in_order():
    # build is three of them
    words = [
        "land",
        "ingest",
        "identify",
        "load",
        "dbt",
        "export",
        "train",
        "score",
        "publish",
    ]
    programs = re.findall(r'run_step\("(\w+)"\)', (ROOT / "dags" / "nightly.py").read_text())
    assert list(flow_rows()) == words
    assert sorted(programs) == sorted([*words, "start_engine", "stop_engine"])


def test_each_step_is_a_program_of_that_name():
    assert set(flow_rows()) <= set(STEP_MODULES)


def test_every_lake_table_is_written_by_exactly_one_step():
    wildcards = {"raw_*", "rec_*", "dim_*", "fct_*", "feat_*", "rpt_*", "core_*"}
    writers: dict[str, list[str]] = {}
    for step, (_, writes, _, _) in flow_rows().items():
        for name in re.findall(r"`([a-z_0-9*]+)`", writes):
            if name not in wildcards:
                writers.setdefault(name, []).append(step)
    assert {name: steps for name, steps in writers.items() if len(steps) != 1} == {}
    assert set(writers) == set(LAKE) - {"ops_runs"}, (
        "README and expectations/contracts/lake.py name different tables"
    )


def test_what_a_step_reads_is_written_by_an_earlier_one():
    written: set[str] = set()
    for step, (reads, writes, _, _) in flow_rows().items():
        for name in re.findall(r"`([a-z]+_[a-z_0-9]+)`", reads):
            assert name in written, f"{step} reads {name}, which no earlier step writes"
        written |= set(re.findall(r"`([a-z]+_[a-z_0-9]+)`", writes))


def test_the_makefile_has_every_target_the_readme_names():
    targets = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"make ([a-z]+)", README))
    assert named <= targets, f"README names {named - targets}"


def test_every_folder_has_its_room_in_the_readme():
    rooms = set(re.findall(r"^\| `([a-z_]+)/` \|", README, re.MULTILINE))
    code = {path.parent.name for path in ROOT.glob("*/__init__.py")} | {"dbt_project"}
    assert rooms == code


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), f"README links to {target}"


def test_every_benchmark_is_in_their_table():
    folder = ROOT / "benchmarks"
    named = set(re.findall(r"^\| `(\w+)` \|", (folder / "README.md").read_text(), re.M))
    packages = {
        path.parent.name for path in [*folder.glob("*/__init__.py"), *folder.glob("soak/*/__init__.py")]
    }
    assert named == {path.stem for path in folder.glob("*.py")} - {"__init__"} | packages - {"soak"}


def test_the_readme_is_short_and_leads_to_every_page_on_adding_something():
    assert len(README.splitlines()) <= 120
    table = README.split("## Where to change what")[1].split("##")[0]
    pages = sorted(str(page.relative_to(ROOT)) for page in ROOT.glob("docs/how-to/add-*.md"))
    assert sorted(re.findall(r"\]\(([^)]+)\)", table)) == pages


def test_every_page_is_in_the_index():
    index = (ROOT / "docs/README.md").read_text()
    pages = [
        page for page in ROOT.glob("docs/**/*.md") if page.parent.name != "adr" and page.name != "README.md"
    ]
    assert [page.name for page in pages if str(page.relative_to(ROOT / "docs")) not in index] == []
