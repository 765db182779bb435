"""What the pages say about files, marts and decisions is what there is."""

import ast
import builtins
import os
import re
from functools import cache
from pathlib import Path

import pytest
import yaml

from expectations.contracts.home import HomePaths
from models.recommenders import RECOMMENDERS
from serving_app.identity.schemas import DecisionKind
from spark_jobs.linkage.home_model import HOME_MODEL
from spark_jobs.warehouse import survivorship

ROOT = Path(__file__).resolve().parents[1]
README, IDENTITY = ((ROOT / name).read_text() for name in ("README.md", "docs/explanation/identity.md"))
RECOMMENDER_PAGE = (ROOT / "models/README.md").read_text()
LINKAGE, SURVIVORSHIP = (
    next((ROOT / "docs/adr").glob(f"{number}-*")).read_text() for number in ("0014", "0017")
)
MARTS = yaml.safe_load((ROOT / "dbt_project/models/marts/_marts__models.yml").read_text())["models"]

FOLDERS = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name[0] not in "._"}
OF_OTHERS = {"rsa_public_key", "rsa_public_key_2"}  # Snowflake's words
NO_PATHS = {"sample_shop/events"}  # a source and its feed, as `core_consents` names who said something


def test_decisions_are_numbered_without_a_gap():
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs/adr").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))
    for path in (ROOT / "docs/adr").glob("*.md"):
        assert re.match(rf"# 0*{int(path.name[:4])}[.:] ", path.read_text()), path.name


def test_every_recommender_is_in_the_table_of_its_room():
    table = RECOMMENDER_PAGE.split("### The recommenders")[1].split("## The files")[0]
    assert sorted(re.findall(r"^\| `(\w+)` \|", table, re.M)) == sorted(RECOMMENDERS)


def test_links_between_pages_lead_somewhere():
    """To files, and to headings as GitHub names them; what a page says of code it links to is for other
    tests.
    """
    assert len(pages()) > 30
    for page in pages():
        for target, heading in re.findall(r"\]\(([^)#:\s]*)(?:#([^)\s]+))?\)", page.read_text()):
            led = (page.parent / target) if target else page
            assert led.exists(), f"{page.relative_to(ROOT)} links to {target}"
            if heading:
                assert heading in anchors(led.read_text()), (
                    f"{page.relative_to(ROOT)} links to #{heading} of {led.name}"
                )


def test_paths_and_modules_that_pages_name_exist():
    """Paths, file names, and modules after `python -m`; the changelog keeps old names."""
    missing = []
    for page in pages():
        text = page.read_text() if page.name != "CHANGELOG.md" else ""
        named = (re.sub(r"<[^>]*>", "*", token) for token in re.findall(r"`([^`\n]+)`", text))
        tokens = {token for token in named if re.fullmatch(r"[\w./*-]+", token)} - NO_PATHS
        modules = set(re.findall(r"python -m ([\w.]+)", text))
        absent = [token for token in tokens if is_path(token) and not exists(token, page)]
        absent += [name for name in modules if name.split(".")[0] in FOLDERS and not is_module(name)]
        missing += [f"{page.relative_to(ROOT)}: {one}" for one in absent]
    assert not missing, "there is no such file: " + ", ".join(missing)


def test_names_in_backticks_are_in_the_code():
    """On pages by which people find their way: a name that was changed leads nowhere."""
    code = " ".join(path.read_text() for path in every_file() if path.suffix in (".py", ".sql", ".yml"))
    words = set(re.findall(r"\w+", code))
    guides = [path for path in pages() if path.parent.name in ("how-to", "explanation", "reference")]
    guides += [ROOT / "docs/glossary.md"]
    guides += [ROOT / folder / "README.md" for folder in ("spark_jobs", "serving_app", "models", "segments")]
    for page in guides:
        text = page.read_text().split("## Words that meant several things")[0]
        tokens = re.findall(r"`([A-Za-z_][\w.]*(?:\([^`]*\))?)`", text)
        names = {name for token in tokens for name in re.findall(r"\b[a-z]\w*_\w+", token)}
        absent = names - words - {path.stem for path in every_file()} - OF_OTHERS
        assert not absent, f"{page.relative_to(ROOT)} names {', '.join(sorted(absent))}, which no code has"


def test_classes_and_constants_that_how_tos_name_are_defined():
    """Settings too. What stands in quotes or before a `=` is the reader's or make's."""
    known = set(dir(builtins)) | {"GET", "POST", "PUT", "PATCH", "DELETE"}
    known |= set(re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), re.M))
    named = {}
    for page in (ROOT / "docs/how-to").glob("*.md"):
        text = re.sub(r"```.*?```", "", page.read_text(), flags=re.S)
        tokens = [re.sub(r'"[^"]*"', "", token) for token in re.findall(r"`([^`\n]+)`", text)]
        names = {name for token in tokens for name in re.findall(r"(?<![\w/.<-])[A-Z]\w+\b(?!=)", token)}
        if page.name != "run-on-snowflake.md":  # its capitals are Snowflake's
            named[page.name] = names - known
    defined = find_definitions(set().union(*named.values()))
    assert len(defined) > 10
    for page, names in named.items():
        assert not names - defined, f"{page} names {', '.join(sorted(names - defined))}"


def find_definitions(names):
    """Those of the names that are classes, or are assigned, anywhere in the code. Files are parsed of which
    one of the names is a word: to parse all takes 5 s.
    """
    files = [path for path in every_file() if path.suffix == ".py"]
    files = [path for path in files if names & set(re.findall(r"\w+", path.read_text()))]
    nodes = [node for path in files for node in ast.walk(parse(path))]
    stored = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return names & (stored | {node.name for node in nodes if isinstance(node, ast.ClassDef)})


def parse(path):
    return ast.parse(path.read_text())


def pages():
    return [*ROOT.glob("*.md"), *(path for path in every_file() if path.suffix == ".md")]


@cache
def every_file():
    """Not npm's, which another test may just be installing: `os.walk` passes over what is gone."""
    found = []
    for top in FOLDERS:
        for folder, inside, names in os.walk(ROOT / top):
            inside[:] = [name for name in inside if name != "node_modules"]
            found += [Path(folder, name) for name in names if "." in name]
    return found


def is_path(token):
    if "/" in token:
        return token.split("/")[0] in FOLDERS
    return bool(re.search(r"\w\.(py|sh|sql)$", token)) and not is_module(token)


def exists(token, page):
    """Whether it is there, seen from the root or from the page; of a name alone, anywhere."""
    if "/" in token:
        return any(ROOT.glob(token)) or any(page.parent.glob(token))
    return any(path.name == token for path in every_file())


def is_module(name):
    path = name.replace(".", "/")
    return any((ROOT / end).exists() for end in (f"{path}.py", f"{path}/__init__.py"))


def anchors(text):
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [README, IDENTITY], ids=["README", "identity"])
def test_the_personal_files_outside_the_lake_are_named(page):
    state = HomePaths(Path()).linkage_state
    assert f"`{HOME_MODEL}`" in page and f"`{state}`" in page
    assert f"`{HOME_MODEL.name}`" in LINKAGE and f"`{state.name}`" in LINKAGE


def test_every_personal_mart_is_named():
    personal = {
        model["name"] for model in MARTS if "Holds personal values" in " ".join(model["description"].split())
    }
    of_survivorship = {"dim_customer_contacts", "dim_customer_values"}
    assert personal == {*of_survivorship, "dim_customer_other_values", "dim_customer_ids"}
    assert [name for name in personal if f"`{name}`" not in README] == []
    assert [name for name in of_survivorship if f"`{name}`" not in SURVIVORSHIP] == []


def test_survivorships_rules_are_those_of_its_decision():
    assert [rule for rule in (*survivorship.RULES, "comes_with") if f"`{rule}`" not in SURVIVORSHIP] == []


def test_queries_for_one_customer_name_columns_of_the_mart():
    columns = {
        one["name"] for model in MARTS if model["name"] == "fct_identity_links" for one in model["columns"]
    }
    held = IDENTITY.split("Which links of a customer are not followed")[1].split("```")[1]
    assert set(re.findall(r"\b(?:customer_id_[ab]|is_followed|held_by)\b", held)) <= columns
    assert "customer_id_a = 'c_…' or customer_id_b = 'c_…'" in held


def test_what_each_answer_does_to_a_giant_is_said():
    table = IDENTITY.split("| answer about the link | the giant |")[1]
    assert {word for word in DecisionKind.__args__ if re.search(rf"^\| `{word}` \|", table, re.M)} == {
        "split",
        "refuse",
        "join",
    }
