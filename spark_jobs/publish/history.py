"""`make history AT=2011-11-20`: what was in production then, its model, tables and rules; without AT, every
deployment in a line.

A day means its end, here and for `make rollback`, and both say which night that is: mostly the one over the
day before. A home that was filled with the past was not there on those days: for a time before its first
publish the shop's own clock is asked, by which the night over landing day D is in production from 03:00 of D
+ 1.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from expectations.contracts.published import read_published_history
from spark_jobs.publish.as_of import compute_first_day_in_production, format_landing_dates, resolve_as_of
from spark_jobs.publish.deployments import ROLLBACK, Deployment, read_deployments
from spark_jobs.publish.rule_files import COPIES_FOLDER
from spark_jobs.settings import Settings


def format_deployments(deployments: Sequence[Deployment]) -> list[str]:
    """Every deployment in a line, oldest first."""
    return [
        f"{one.switched_at}  {one.by:<8}  {one.run_id}  landing day {one.record['landing_date']} "
        f" {one.record['model_version']}"
        + (f"  back from {one.was}{f': {one.why}' if one.why else ''}" if one.by == ROLLBACK else "")
        for one in deployments
    ]


def describe_deployment(
    deployment: Deployment, until: Deployment | None, clock: str, home: Path
) -> list[str]:
    """What was in production, in words."""
    record, model, rules = deployment.record, deployment.model, deployment.rules
    is_kept = deployment.shows in {each.shows for each in read_published_history(home)}
    since = {
        "wall": deployment.switched_at,
        "shop": f"{compute_first_day_in_production(deployment)} by the shop's days",
    }
    after = {
        "wall": until and until.switched_at,
        "shop": until and f"{compute_first_day_in_production(until)} by the shop's days",
    }
    lines = [
        f"run        {record['run_id']}, by {deployment.by}"
        + (f" ({deployment.why})" if deployment.why else ""),
        f"days       {format_landing_dates(deployment)}",
        f"from       {since[clock]}  to  {after[clock] or 'now'}",
        f"lists      snapshot {record['snapshot']}, warehouse {record['warehouse_file'] or 'Snowflake'}; "
        + (f"kept: make rollback TO={record['run_id']}" if is_kept else "no longer kept"),
        f"model      {record['model_version']}",
    ]
    if model:
        lines += [
            f"  run      {model.get('run_id')} ({model.get('kind')}): {model.get('reason')}",
            *(
                f"  measured {name} {format_metric(spread)}"
                for name, spread in (model.get("metrics") or {}).items()
            ),
            f"  learned  {format_mapping(model.get('window'))}; behaviour before `until`, never on it",
            f"  made of  {format_mapping(model.get('table_versions'))}",
            f"  by       code {model.get('code_hash')}, settings {model.get('config_hash')}",
            *(f"  sha256   {name} {value}" for name, value in (model.get("digests") or {}).items()),
        ]
    lines += [f"tables     {format_mapping(dict(sorted(record['table_versions'].items())))}"]
    if rules:
        decisions, overrides = rules["identity_decisions"], rules["overrides"]
        lines += [
            (
                f"rules      {rules['digest']} (copies: {home / COPIES_FOLDER / rules['digest']}), code"
                f" {rules['code_hash']}, settings {rules['config_hash']}"
            ),
            *(f"  {value}  {name}" for name, value in sorted(rules["files"].items())),
            (
                f"  identity decisions in force: {len(decisions)}; linkage model"
                f" {rules['linkage_model'] or 'none'}"
            ),
            f"  overrides in force at the deployment: {len(overrides)}",
            *(f"    {format_override(each)}" for each in overrides),
        ]
    return lines


def format_mapping(mapping: Mapping[str, Any] | None) -> str:
    """Names and what they hold, as words."""
    return ", ".join(f"{name} {value}" for name, value in (mapping or {}).items())


def format_override(one: dict[str, Any]) -> str:
    """An operator's rule in words."""
    target = one["item_id"] or f"category {one['category']}"
    segment = f"segment {one['segment_id']}" if one.get("segment_id") else ""
    whom = one["customer_id"] or segment or "everyone"
    place = f" at {one['placement']}" if one.get("placement") else ""
    begin = f" from {one['starts_at']}" if one.get("starts_at") else ""
    return f"{one['kind']} {target} for {whom}{place}{begin} until {one['until']}"


def format_metric(spread: Any) -> str:
    """A mean with its interval."""
    return (
        f"{spread['mean']} [{spread['low']}, {spread['high']}]" if isinstance(spread, dict) else str(spread)
    )


def main(argv: list[str]) -> int:
    """Answer; 1 with a sentence when there is none."""
    parser = argparse.ArgumentParser(prog="make history", description=__doc__.splitlines()[0])
    parser.add_argument("--at", default="", help="a day, or a moment in UTC")
    parser.add_argument("--json", action="store_true", help="the whole line as JSON")
    args, home = parser.parse_args(argv), Settings.from_environment().home
    deployments = read_deployments(home)
    if not deployments:
        print(f"Nothing has been published in {home} since this is written down.", file=sys.stderr)
        return 1
    if not args.at:
        print("\n".join(format_deployments(deployments)))
        return 0
    try:
        deployment, clock, words = resolve_as_of(deployments, args.at)
    except ValueError:
        print(f"{args.at!r} is neither a day (2011-11-20) nor a moment (2011-11-20T15:00)", file=sys.stderr)
        return 1
    if deployment is None:
        print(f"{words[:1].upper()}{words[1:]}.", file=sys.stderr)
        return 1
    later = deployments[deployments.index(deployment) + 1 :]
    if args.json:
        print(json.dumps(asdict(deployment), indent=1))
    else:
        print(
            "\n".join([words, "", *describe_deployment(deployment, later[0] if later else None, clock, home)])
        )
    return 0


def main_until_pipe_closes(argv: list[str]) -> int:
    """`main`; 0 where whoever reads has read enough, as `head` has: nothing went wrong."""
    try:
        status = main(argv)
        sys.stdout.flush()
    except BrokenPipeError:
        # or Python says it once more when it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status


if __name__ == "__main__":
    sys.exit(main_until_pipe_closes(sys.argv[1:]))
