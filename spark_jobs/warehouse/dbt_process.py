"""One dbt command in a process of its own: `python -m spark_jobs.warehouse.dbt_process RESULTS WORDS…`.

For a night dbt is told to write no JSON, for it writes the whole manifest twice, which nobody reads. What it
did, its `run_results.json`, is written here all the same.
"""

import gc
import json
import sys
from pathlib import Path

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
        write_results(outcome.result, Path(results))
    if outcome.exception:  # which dbt logs once it has begun, and nobody does before
        sys.stderr.write(f"{scrub_secrets(str(outcome.exception), env_secrets())}\n")
    return 0 if outcome.success else 1


def write_results(result: RunExecutionResult, file: Path) -> None:
    """Write what dbt did, with the model beside whose columns each test stands: dbt names it in the manifest
    alone, and a test's own name may hold any model's.
    """
    result.write(str(file))
    attached = {each.node.unique_id: getattr(each.node, "attached_node", None) for each in result.results}
    content = json.loads(file.read_text())
    for node in content["results"]:
        node["attached_node"] = attached.get(node["unique_id"])
    file.write_text(json.dumps(content))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
