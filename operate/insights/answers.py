"""Answers of the published warehouse to dbt's analyses."""

from pathlib import Path

import duckdb
import pyarrow as pa

from operate.insights.questions import QUESTIONS
from spark_jobs.settings import Settings
from spark_jobs.warehouse.dbt import DbtFailed, run_dbt
from spark_jobs.warehouse.published_copy import copy_published_warehouse


def answer_questions(settings: Settings) -> dict[str, pa.Table]:
    """The answer to each question, by its name.

    Raises:
        FileNotFoundError: nothing is published yet.
        DbtFailed: dbt could not compile the analyses; the message holds its last lines.
        ValueError: the warehouse is Snowflake's; says where to ask instead.
    """
    if settings.warehouse == "snowflake":
        raise ValueError(
            "this home's warehouse is Snowflake's: `make dbt ARGS=\"compile -s path:analyses\"` writes the"
            " questions as its SQL, to be asked there"
        )
    with copy_published_warehouse(settings, settings.paths.insights_warehouse) as plan:
        work = settings.paths.dbt_reading
        finished = run_dbt(settings, plan, "compile", "--select", "path:analyses", work=work)
        if finished.returncode:
            raise DbtFailed("dbt compile failed:\n" + "\n".join(finished.stdout.splitlines()[-25:]))
        return answer_analyses(plan.file, work / "target" / "compiled" / "concierge")


def answer_analyses(warehouse: Path, compiled: Path) -> dict[str, pa.Table]:
    """The answers of a warehouse's file to compiled analyses, by name."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return {
            question.name: connection.sql(
                (compiled / "analyses" / f"{question.name}.sql").read_text()
            ).to_arrow_table()
            for question in QUESTIONS
        }
