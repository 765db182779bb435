"""One dbt command in a process of its own: `python -m spark_jobs.warehouse.dbt_process RESULTS WORDS…`.

For a night dbt is told to write no JSON, for it writes the whole manifest twice, which nobody reads. What it
did, its `run_results.json`, is written here all the same.
"""

import gc
import sys

# Before the imports, of which dbt's alone makes a million objects that live as long as the process.
gc.disable()

from dbt.artifacts.schemas.run import RunExecutionResult  # noqa: E402
from dbt.cli.main import dbtRunner  # noqa: E402
from dbt_common.exceptions import env_secrets, scrub_secrets  # noqa: E402


def main(argv: list[str]) -> int:
    """Run dbt with the words behind the first, which names the file of its results; 0 when all went well."""
    results, *words = argv
    outcome = dbtRunner().invoke(words)
    if isinstance(outcome.result, RunExecutionResult):
        outcome.result.write(results)
    if outcome.exception:  # which dbt logs once it has begun, and nobody does before
        sys.stderr.write(f"{scrub_secrets(str(outcome.exception), env_secrets())}\n")
    return 0 if outcome.success else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
