"""Homes whose warehouse is built, and the small shop's, built once for every test that asks a warehouse."""

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from expectations.contracts.home import HomePaths
from expectations.contracts.published import Published
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import LandingDates, RunContext
from spark_jobs.settings import Settings
from spark_jobs.warehouse import dbt
from spark_jobs.warehouse.build_inputs import prepare_build
from spark_jobs.warehouse.dbt import build_warehouse
from tests.dbt_project.behaviour import copy_golden, hash_user, write_item_lists, write_vip
from tests.dbt_project.happenings import happenings
from tests.dbt_project.predicted import predict
from tests.dbt_project.rows import FIRST
from tests.dbt_project.shop import Shop

NIGHTS = (8, 16, 24)  # days traded by the end of each
VIPS = ((1, 3, 5), (1, 3), (3, 5))  # users on the uploaded list, by night
WITHOUT_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")


@dataclass
class Home:
    """A home whose warehouse is built and published, nothing else; the environment is not read."""

    root: Path
    lake: Lake

    def night(self, run_id: str, last: date) -> RunContext:
        settings = Settings.from_environment({"CONCIERGE_HOME": str(self.root)})
        return RunContext(run_id, LandingDates(last, last), settings, datetime(2026, 3, 1, tzinfo=UTC))

    def build(self, run_id: str, last: date, *arguments: str) -> Path:
        """Build a night's warehouse; its file."""
        night = self.night(run_id, last)
        beginning = prepare_build(night, self.lake)
        build_warehouse(night.settings, beginning, *arguments)
        return beginning.finished

    def publish(self, run_id: str, file: Path) -> None:
        """Let the next night build upon that file."""
        Published(run_id, "2026-01-05", "2026-01-06T03:00:00Z", "", file.name, "", "").write(self.root)


@dataclass
class Built:
    """Each night's file, the SQL that dbt ran in the last night, a build from nothing of the same lake, the
    last day, the shop they tell of, dbt's manifest, and the status of each data test of the last night."""

    files: list[Path]
    upon: Path
    anew: Path
    last: date
    shop: Shop
    manifest: dict
    results: dict[str, str]


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> Built:
    """Three nights of a small shop, then the same lake at once; built once, for every test that asks a
    warehouse something.
    """
    root = tmp_path_factory.mktemp("warehouses")
    with pytest.MonkeyPatch.context() as patch:
        # The home has definitions of its own: other tests' builds must not write the models of theirs there.
        left_out = shutil.ignore_patterns("target", "generated", "logs")
        shutil.copytree(dbt.PROJECT, root / "dbt_project", ignore=left_out)
        patch.setattr(dbt, "PROJECT", root / "dbt_project")
        return build_nights(root)


def build_nights(root: Path) -> Built:
    """The nights of the small shop in a folder."""
    home, shop, first, files = Home(root / "nightly", Lake(root / "nightly" / "lake")), Shop(), 0, []
    paths = HomePaths(home.root)
    copy_golden(paths)
    # Two customers by an identifier that uploaded lists can name.
    shop.owner |= {hash_user(paths, f"vip{n}"): f"c_i_u{n}" for n in VIPS[0]}
    for number, until in enumerate(NIGHTS):
        for n in range(first, until):
            happenings(shop, n)
            shop.trade(n)
        write_vip(paths, [f"vip{n}" for n in VIPS[number]])
        if until == NIGHTS[-1]:
            write_item_lists(paths)
        shop.write(home.lake)
        predict(home.lake, shop, number)
        first, last = until, FIRST + timedelta(days=until - 1)
        # The last night with dbt's own tests, unit tests too: one of them wants an earlier build to look back
        # at.
        files.append(home.build(f"night{number}", last, *([] if until == NIGHTS[-1] else WITHOUT_TESTS)))
        home.publish(f"night{number}", files[-1])
    target = home.root / "warehouse" / "dbt" / "target"
    manifest, run = (
        json.loads((target / f"{name}.json").read_text()) for name in ("manifest", "run_results")
    )
    results = {
        one["unique_id"].split(".")[2]: one["status"]
        for one in run["results"]
        if one["unique_id"].startswith("test.")
    }
    for sql in ("compiled", "run"):
        shutil.copytree(target / sql, root / "upon" / sql)
    (home.root / "published.json").unlink()  # nothing to build upon
    anew = home.build("anew", last, *WITHOUT_TESTS)
    return Built(files, root / "upon", anew, last, shop, manifest, results)


@pytest.fixture(scope="module")
def new_home(tmp_path_factory):
    """Makes homes that live as long as a module's tests."""

    def make(name: str) -> Home:
        root = tmp_path_factory.mktemp(name)
        return Home(root, Lake(root / "lake"))

    return make
