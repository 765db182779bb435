"""One hash of everything that a run's tables come from.

`publish` writes it into `published.json`; `land` compares it there: equal means that a run has nothing to do,
and needs no Spark to know it.
"""

import hashlib
from datetime import date
from pathlib import Path

from expectations.contracts.home import HomePaths
from segments.parsing.definitions import list_own_files
from spark_jobs.run.context import RunContext
from spark_jobs.run.identity_inputs import IdentityInputs
from spark_jobs.sources.landed_files import list_landed_files


def hash_inputs(context: RunContext, last_day: date, identity: IdentityInputs) -> str:
    """Hash of the files landed up to `last_day`, code, settings, identity decisions, linkage model, and the
    home's own definitions and lists; 32 hex digits.
    """
    digest = hashlib.sha256(f"{context.code_hash} {context.config_hash}\n".encode())
    digest.update(f"{context.settings.segment_limits}\n".encode())
    digest.update(f"{' '.join(sorted(identity.decision_ids))} {identity.model_fingerprint}\n".encode())
    for file in list_landed_files(context.settings.landing, last_day):
        digest.update(f"{file.name}\0{file.n_bytes}\0{file.sha256}\n".encode())
    for path in list_rule_files(context.settings.paths):
        with path.open("rb") as file:  # a list may have millions of lines
            content = hashlib.file_digest(file, "sha256").hexdigest()
        # The folder tells a rule from a learned segment of its name. Shipped definitions are among the code.
        digest.update(f"{path.parent.name}/{path.name}\0{content}\n".encode())
    return digest.hexdigest()[:32]


def list_rule_files(paths: HomePaths) -> list[Path]:
    """What people put into the home for the night to read, beside identity decisions: definitions of segments
    and uploaded lists.
    """
    own = paths.segment_definitions
    return [
        *list_own_files(own),
        *list_own_files(own / "learned"),
        *list_own_files(paths.lists, "*.csv"),
    ]
