"""The log of deployments, `serving/production.jsonl`: the one source of what is in production.

A line for every publish and every rollback, appended before readers see the change and never rewritten, so it
outlives the snapshots and warehouse files that `retention.py` deletes. `published.json`, the link
`warehouse/concierge.duckdb` and the records in `serving/history/` are derived from it: a publish or rollback
that was killed between two of its writes is finished by the next one, and `restore.py` makes them again.
"""

import contextlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from expectations.contracts import published
from expectations.contracts.files import sync_folder, write_text_atomically
from expectations.contracts.home import HomePaths
from expectations.contracts.published import Published, PublishedUnreadable
from spark_jobs.publish.summary import read_report
from spark_jobs.run.context import slugify_run_id

FILE = published.DEPLOYMENTS
LOCK = HomePaths(Path()).publish_lock
PUBLISH, ROLLBACK = "publish", "rollback"
ROLLED_BACK_FROM = "rolled back from "  # begins the `inputs` of a rollback; the run that was left follows


@dataclass(frozen=True)
class Deployment:
    """One change of what is in production.

    Attributes:
        switched_at: ISO time, UTC, by the clock on the wall.
        by: `publish` or `rollback`.
        shop_date: newest landing day that had ever been published by then, ISO: the shop's own clock, which a
            backfill follows.
        record: what readers see since, as `published.json` holds it.
        model: what was measured of the model served, and its digests; empty before one was accepted.
        rules: digest of every rule file that made it, and overrides in force (`rule_files.py`); empty where
            the line was lost and written again.
        was: the run that readers saw before.
        why: the reason given for a rollback.
    """

    switched_at: str
    by: str
    shop_date: str
    record: dict[str, Any]
    model: dict[str, Any] = field(default_factory=dict)
    rules: dict[str, Any] = field(default_factory=dict)
    was: str = ""
    why: str = ""

    @property
    def run_id(self) -> str:
        return self.record["run_id"]

    @property
    def published(self) -> Published:
        """What readers see since, as the record it is."""
        return Published(**self.record)

    @property
    def shows(self) -> tuple[str, ...]:
        return self.published.shows


@contextmanager
def publish_lock(home: Path) -> Iterator[None]:
    """One publish or rollback at a time: log and derived files are not two people's."""
    with FileLock(home / LOCK, timeout=600):
        yield


def deploy(home: Path, deployment: Deployment) -> None:
    """Log a deployment, then let readers see it. The line comes first: it decides."""
    append_deployment(home, deployment)
    write_derived_files(home, deployment)


def read_deployments(home: Path) -> list[Deployment]:
    """Every deployment, oldest first. A line torn by a loss of power, or damaged, is left out."""
    try:
        lines = (home / FILE).read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return []
    deployments = []
    for line in lines:
        with contextlib.suppress(ValueError, TypeError, RecursionError):
            deployment = Deployment(**json.loads(line))
            Published(**deployment.record)  # TypeError: a record of another shape
            deployments.append(deployment)
    return deployments


def append_deployment(home: Path, deployment: Deployment) -> None:
    """Write a line and sync it, on a line of its own whatever the last one ends with."""
    path = home / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as out:
        if out.tell() and (out.seek(-1, os.SEEK_END), out.read(1))[1] != b"\n":
            out.write(b"\n")
        out.write(json.dumps(asdict(deployment), sort_keys=True).encode() + b"\n")
        out.flush()
        os.fsync(out.fileno())
    sync_folder(path.parent)


def build_publish_deployment(
    home: Path, run_slug: str, record: Published, rules: dict[str, Any]
) -> Deployment:
    """The deployment of a run's publish, whose reports stand under this name."""
    model = read_report(HomePaths(home).model_report(run_slug)).get("served") or {}
    log = read_deployments(home)
    was, shop_date = log[-1].run_id if log else "", find_newest_landing_date(log, record)
    return Deployment(record.published_at, PUBLISH, shop_date, asdict(record), model, rules, was)


def build_rollback_deployment(home: Path, record: Published, switched_at: str, reason: str) -> Deployment:
    """The deployment of a rollback, with the model and rules of the publish that it goes back to."""
    log = read_deployments(home)
    known = [each for each in log if each.shows == record.shows]
    model, rules = (known[-1].model, known[-1].rules) if known else ({}, {})
    was, shop_date = record.inputs.removeprefix(ROLLED_BACK_FROM), find_newest_landing_date(log, record)
    return Deployment(switched_at, ROLLBACK, shop_date, asdict(record), model, rules, was, reason)


def find_newest_landing_date(log: list[Deployment], record: Published) -> str:
    """The newest landing day published so far, this record's included; ISO."""
    return max([record.landing_date, *(each.shop_date for each in log)])


def restore_last_deployment(home: Path) -> Published | None:
    """Bring what readers see to what the log says, and return it; None where nothing was ever deployed.

    A line that was lost (torn by a loss of power, or of a home older than the log) is written again first:
    `published.json` then names a record that no line has.

    Raises:
        PublishedUnreadable: `published.json` is damaged and the log holds no line to make it again from.
    """
    log, published_now = read_deployments(home), read_published_or_none(home)
    if published_now and not is_deployment_logged(log, published_now):
        append_deployment(home, build_lost_deployment(home, published_now))
        log = read_deployments(home)
    if log:
        write_derived_files(home, log[-1])
    return Published.read(home)


def is_deployment_logged(log: list[Deployment], record: Published) -> bool:
    """Whether a line is about this record."""
    return any(each.published == record for each in log) or bool(log and _is_same(log[-1].published, record))


def build_lost_deployment(home: Path, published_now: Published) -> Deployment:
    """The deployment that readers see and no line tells of; its rules are not known any more."""
    if not published_now.inputs.startswith(ROLLED_BACK_FROM):
        return build_publish_deployment(home, slugify_run_id(published_now.run_id), published_now, {})
    switched_at = datetime.fromtimestamp(HomePaths(home).published.stat().st_mtime, UTC)
    return build_rollback_deployment(home, published_now, format_utc(switched_at), "")


def read_published_or_none(home: Path) -> Published | None:
    """What `published.json` says; None where it is missing or damaged."""
    try:
        return Published.read_published_file(home)
    except PublishedUnreadable:
        return None


def write_derived_files(home: Path, deployment: Deployment) -> None:
    """Let history record, `published.json` and the warehouse's link say what a deployment says. Repeats
    harmlessly.
    """
    record, published_now = deployment.published, read_published_or_none(home)
    if deployment.by == PUBLISH:
        write_history_record(home, record)
    if published_now is None or not _is_same(published_now, record):
        record.write(home)
    link_warehouse_file(home, record)


def write_history_record(home: Path, record: Published) -> None:
    """Keep a publish's record, so that one can roll back to it."""
    path = HomePaths(home).history_record(slugify_run_id(record.run_id))
    text = json.dumps(asdict(record), indent=2, sort_keys=True)
    if not path.exists() or path.read_text(errors="replace") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text_atomically(path, text)


def link_warehouse_file(home: Path, record: Published) -> None:
    """Let `warehouse/concierge.duckdb` name the published file."""
    if not record.warehouse_file:
        return
    paths = HomePaths(home)
    link, build = paths.warehouse_file, paths.warehouse_builds / record.warehouse_file
    target = str(build.relative_to(link.parent))  # relative, so a home can be moved
    if link.is_symlink() and str(link.readlink()) == target:
        return
    part = link.with_name(f".{link.name}.part")
    part.unlink(missing_ok=True)
    part.symlink_to(target)
    part.rename(link)
    sync_folder(link.parent)


def format_utc(at: datetime) -> str:
    """ISO, UTC, to the second; years in four digits, so that texts sort as times do (`strftime` writes 999 of
    the year 0999).
    """
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def _is_same(one: Published, other: Published) -> bool:
    """Whether two records are of one deployment; what went in is no part of what readers see."""
    return replace(one, inputs="") == replace(other, inputs="")
