"""The rules a night was made by: a digest of every file of them, a copy kept when one changes, and the
overrides in force.
"""

import hashlib
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from expectations.contracts.home import HomePaths
from expectations.contracts.override import read_override_rows
from segments.parsing.definitions import list_files_in_force
from spark_jobs.run.context import ROOT, RunContext
from spark_jobs.run.identity_inputs import IdentityInputs

# What people wrote, in words a person reads; all else that decides is code, and has the code's hash.
SEGMENTS, LEARNED = "segments/definitions", "segments/learned"
RULE_FILE_PATTERNS = (
    "spark_jobs/identify/rules.yml",
    "dbt_project/survivorship.yml",
    "segments/traits/*.yml",
    "models/config/*.yml",
)
COPIES_FOLDER = HomePaths(Path()).rule_files  # a folder each set of rules, named by its digest; some 40 kB
MAX_NAMED_OVERRIDES = 200  # of all kinds but block


def find_rule_files(home: Path, root: Path = ROOT) -> dict[str, Path]:
    """Each file of rules by its path in the repository; a home's own definition of a segment by that of the
    shipped one, which it stands in the place of.
    """
    own = HomePaths(home).segment_definitions
    definitions = list_files_in_force(root / SEGMENTS, own)
    learned = list_files_in_force(root / LEARNED, own / Path(LEARNED).name)
    paths = sorted(path for pattern in RULE_FILE_PATTERNS for path in root.glob(pattern))
    return (
        {f"{SEGMENTS}/{path.name}": path for path in definitions}
        | {f"{LEARNED}/{path.name}": path for path in learned}
        | {str(path.relative_to(root)): path for path in paths}
    )


def hash_rule_files(home: Path, root: Path = ROOT) -> dict[str, str]:
    """SHA-256 of each file of rules, 12 hex digits, by its path in the repository."""
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        for name, path in find_rule_files(home, root).items()
    }


def hash_rule_set(hashes: dict[str, str]) -> str:
    """One digest of all."""
    return hashlib.sha256(
        "\n".join(f"{name} {value}" for name, value in sorted(hashes.items())).encode()
    ).hexdigest()[:12]


def filter_current_overrides(overrides: list[dict[str, Any]], at: datetime) -> list[dict[str, Any]]:
    """Those of them that hold at a moment, and the blocks that begin later: a service that lost its own state
    must not lose these.
    """

    def concerns_night(one: dict[str, Any]) -> bool:
        starts_at = one.get("starts_at") or one["created_at"]
        is_begun = datetime.fromisoformat(starts_at) <= moment or one["kind"] == "block"
        return (
            datetime.fromisoformat(one["created_at"]) <= moment < datetime.fromisoformat(one["until"])
            and is_begun
        )

    moment = at.astimezone(UTC)
    return [one for one in overrides if concerns_night(one)]


def select_overrides(overrides: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a night's line holds of overrides: every block, as a service that lost its own state goes by them,
    and of the others the first `MAX_NAMED_OVERRIDES`."""
    others = [one for one in overrides if one["kind"] != "block"]
    named_ids = {one["override_id"] for one in others[:MAX_NAMED_OVERRIDES]}
    return [one for one in overrides if one["kind"] == "block" or one["override_id"] in named_ids]


def collect_rules_in_force(context: RunContext, identity_inputs: IdentityInputs) -> dict[str, Any]:
    """The rules of a run, for its deployment; their files are copied once per set.

    Args:
        identity_inputs: what `identify` took of decisions and of its linkage model.
    """
    home = context.settings.home
    hashes = hash_rule_files(home)
    store_rule_file_copies(home, hashes)
    return {
        "digest": hash_rule_set(hashes),
        "files": hashes,
        "code_hash": context.code_hash,
        "config_hash": context.config_hash,
        "identity_decisions": sorted(identity_inputs.decision_ids),
        "linkage_model": identity_inputs.model_fingerprint,
        "overrides": select_overrides(filter_current_overrides(read_override_rows(home), context.now)),
    }


def store_rule_file_copies(home: Path, hashes: dict[str, str], root: Path = ROOT) -> Path:
    """Copy the files into a folder named by their digest, unless it is there."""
    folder = home / COPIES_FOLDER / hash_rule_set(hashes)
    if not folder.exists():
        staging_folder = folder.with_name(f".{folder.name}.part")
        shutil.rmtree(staging_folder, ignore_errors=True)
        for name, path in find_rule_files(home, root).items():
            (staging_folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, staging_folder / name)
        staging_folder.rename(folder)
    return folder
