"""One hash of everything that a run's tables come from.

`publish` writes it into `published.json`; `land` compares it there: equal means that a run has nothing to do,
and needs no Spark to know it.
"""

import hashlib
from datetime import date

from spark_jobs.run.context import RunContext
from spark_jobs.run.identity_inputs import IdentityInputs
from spark_jobs.sources.landed_files import list_landed_files


def hash_inputs(context: RunContext, last_day: date, identity: IdentityInputs) -> str:
    """Hash of the files landed up to `last_day`, code, settings, identity decisions and linkage model; 32 hex
    digits.
    """
    digest = hashlib.sha256(f"{context.code_hash} {context.config_hash}\n".encode())
    digest.update(f"{' '.join(sorted(identity.decision_ids))} {identity.model_fingerprint}\n".encode())
    for file in list_landed_files(context.settings.landing, last_day):
        digest.update(f"{file.name}\0{file.n_bytes}\0{file.sha256}\n".encode())
    return digest.hexdigest()[:32]
