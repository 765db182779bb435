"""The registry: one door to MLflow."""

import ast
import sys
from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException

from models.model_version import NAME
from models.registry import CHAMPION, ModelRegistry

pytestmark = pytest.mark.slow  # makes MLflow's database

ROOT = Path(__file__).resolve().parents[2]
CODE = ("models", "spark_jobs", "serving_app", "segments", "expectations", "dags", "sample_shop")


def importers(name: str) -> set[str]:
    """Files of ours that import a package, at the top or inside a function."""
    found = set()
    for folder in CODE:
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and node.module:
                    names.append(node.module)
                if any(each.split(".")[0] == name for each in names):
                    found.add(str(path.relative_to(ROOT)))
    return found


def test_mlflow_and_lightfm_have_one_door_each():
    assert importers("mlflow") == {"models/registry.py"}
    assert importers("lightfm") == {"models/recommenders/lightfm_hybrid.py"}


def test_inference_is_numpy_alone():
    tree = ast.parse((ROOT / "models" / "inference.py").read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name for name in imported if name.split(".")[0] not in sys.stdlib_module_names} == {"numpy"}


@pytest.fixture
def registry(tmp_path):
    return ModelRegistry(f"sqlite:///{tmp_path}/mlflow.db", tmp_path / "artifacts")


@pytest.fixture
def made(registry, tmp_path):
    """A function that registers a version, compared with another one."""
    (tmp_path / "files" / "model").mkdir(parents=True)
    (tmp_path / "files" / "model" / "model.json").write_text("{}")

    def register(over, verdict="accepted"):
        tags = {"verdict": verdict, "reason": "it is better", "inputs": "tables, code and configuration"}
        return registry.register(
            registry.log_run("run", {}, {}, tags, files=tmp_path / "files"),
            {},
            tags,
            verdict == "accepted",
            over,
        )

    return register


def test_a_champion_that_moved_meanwhile_is_not_replaced(registry, made):
    first = made(None)
    search = made(first)
    assert registry.champion() == search and search.accepted and search.tags["reason"] == "it is better"
    night = made(first)  # which has begun before the search ended
    assert registry.champion() == search and not night.accepted
    assert (
        night.tags["reason"]
        == "the champion was concierge/1 when this was compared with it and is concierge/2 now"
    )
    assert registry.client.get_run(night.run_id).data.tags["verdict"] == "refused"
    assert not made(None).accepted and not made(first, "refused").accepted and registry.champion() == search
    assert made(search).accepted


class Killed(BaseException):
    """The end of a process, at a place of the test's choice."""


@pytest.mark.parametrize("step", ["set_registered_model_alias", "delete_model_version_tag"])
def test_a_version_that_was_accepted_by_a_killed_process_becomes_the_champion(
    registry, made, monkeypatch, step
):
    def die(*_):
        raise Killed

    def register_and_die(over):
        with monkeypatch.context() as patch:
            patch.setattr(registry.client, step, die)
            with pytest.raises(Killed):
                made(over)

    register_and_die(None)
    registry.complete_registrations()
    first = registry.champion()
    assert (first.number, first.accepted) == (1, True), "with no second version"
    assert registry.find_version_by_inputs("tables, code and configuration") == first
    register_and_die(first)
    registry.complete_registrations()
    assert registry.champion().number == 2
    registry.client.set_registered_model_alias(NAME, CHAMPION, "1")  # a person's, whom no night corrects
    registry.complete_registrations()
    assert registry.champion() == first


def test_a_killed_process_s_version_is_refused_when_another_became_the_champion(registry, made, monkeypatch):
    first = made(None)
    with monkeypatch.context() as patch:
        patch.setattr(
            registry.client, "create_model_version", die_behind(registry.client.create_model_version)
        )
        with pytest.raises(Killed):
            made(first)
    search = made(first)
    registry.complete_registrations()
    assert registry.champion() == search
    assert [(each.number, each.accepted) for each in registry.list_versions_after(first)] == [
        (2, False),
        (3, True),
    ]
    refused = registry.list_versions_after(first)[0]
    assert refused.tags["reason"] == (
        "the champion was concierge/1 when this was compared with it and is concierge/3 now"
    )
    assert registry.client.get_run(refused.run_id).data.tags["verdict"] == "refused"


def die_behind(function):
    """The function, and the process ends."""

    def call(*args, **kwargs):
        function(*args, **kwargs)
        raise Killed

    return call


def test_a_registry_that_cannot_be_reached_is_not_one_without_a_model(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")  # seven by default, four minutes in all
    assert ModelRegistry(f"sqlite:///{tmp_path}/mlflow.db", tmp_path / "artifacts").champion() is None
    (tmp_path / "torn.db").write_bytes(b"no database" * 100)
    with pytest.raises(Exception, match="file is not a database"):
        ModelRegistry(f"sqlite:///{tmp_path}/torn.db", tmp_path / "artifacts").champion()
    unreachable = ModelRegistry("http://127.0.0.1:9", tmp_path / "artifacts")
    with pytest.raises(MlflowException):
        unreachable.champion()
