"""Two homes with other definitions share a checkout: no build sees the other's models."""

import threading

import pytest

from segments.to_sql import write_if_changed
from spark_jobs.settings import Settings
from spark_jobs.warehouse import dbt
from spark_jobs.warehouse.generated_models import hold_generated_models
from spark_jobs.warehouse.survivorship import POLICY

SHIPPED = (dbt.ROOT / "segments/definitions/lapsed.yml").read_text()
DEFINITIONS = "models/intermediate/segments/generated/int_segment_definitions.sql"


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / POLICY).write_bytes((dbt.PROJECT / POLICY).read_bytes())
    return folder


def write(name):
    """What writes a model of a name."""

    def generate(folder):
        write_if_changed(folder / "model.sql", name)
        return [name]

    return generate


def hold_in_thread(project, name, entered, release):
    """A build that holds its models until it is released."""

    def build():
        with hold_generated_models(project, write(name)):
            seen.append((project / "model.sql").read_text())
            entered.set()
            release.wait(10)
            seen.append((project / "model.sql").read_text())

    seen = []
    thread = threading.Thread(target=build)
    thread.start()
    return thread, seen


def test_builds_of_the_same_models_go_on_beside_each_other(project):
    entered, release = threading.Event(), threading.Event()
    thread, _ = hold_in_thread(project, "a", entered, release)
    assert entered.wait(10)
    with hold_generated_models(project, write("a")) as said:
        assert said == ["a"] and thread.is_alive()
    release.set()
    thread.join(10)


def test_a_build_of_others_waits_until_they_have_ended(project):
    first = threading.Event(), threading.Event()
    second = threading.Event(), threading.Event()
    one, seen_by_one = hold_in_thread(project, "a", *first)
    assert first[0].wait(10)
    other, seen_by_other = hold_in_thread(project, "b", *second)
    assert not second[0].wait(0.3), "it must not begin while the first is inside"
    first[1].set()
    assert second[0].wait(10)
    second[1].set()
    one.join(10)
    other.join(10)
    assert (seen_by_one, seen_by_other) == (["a", "a"], ["b", "b"])


def test_a_build_that_failed_lets_others_in(project):
    with pytest.raises(RuntimeError), hold_generated_models(project, write("a")):
        raise RuntimeError
    with hold_generated_models(project, write("b")):
        assert (project / "model.sql").read_text() == "b"


def test_each_home_has_its_own_definitions(project, tmp_path):
    for home in ("one", "other"):
        settings = Settings.from_environment({"CONCIERGE_HOME": str(tmp_path / home)})
        settings.paths.segment_definitions.mkdir(parents=True)
        own = SHIPPED.replace("name: Lapsed", f"name: Of {home}")
        settings.paths.segment_definition("lapsed").write_text(own)
        with dbt.hold_models(project, settings):
            assert f"'Of {home}'" in (project / DEFINITIONS).read_text()


def test_models_kept_by_a_failed_build_are_gone_in_the_next(project, tmp_path):
    settings = Settings.from_environment({"CONCIERGE_HOME": str(tmp_path)})
    pages = "models/intermediate/customers/generated/int_kept_traits__*.sql"
    with dbt.hold_models(project, settings, kept=["return_habits"]):
        assert len([*project.glob(pages)]) == 1
    with dbt.hold_models(project, settings):
        assert not [*project.glob(pages)]
