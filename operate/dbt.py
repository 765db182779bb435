"""`make dbt ARGS="build -s +dim_customers"`: dbt on last night's lake, in a warehouse of one's own.

Takes every command and argument of dbt; without any it builds and tests all models. Generated models
(segments, survivorship) are generated before. The published warehouse is never touched.
"""

import sys

from operate.settings import load_settings_or_exit
from segments.parsing.flaws import SegmentError
from spark_jobs.warehouse.development import NothingIngested, run_dbt_in_development
from spark_jobs.warehouse.survivorship import PolicyError

DEFAULT = ("build", "--exclude-resource-type", "unit_test")


def main(argv: list[str]) -> int:
    """Run dbt; its exit code, or 1 with a sentence when it cannot be started."""
    settings = load_settings_or_exit()
    try:
        code = run_dbt_in_development(settings, argv or DEFAULT)
    except (NothingIngested, SegmentError, PolicyError) as error:
        print(f"dbt: {error}", file=sys.stderr)
        return 1
    if settings.warehouse != "snowflake":
        print(f"The warehouse of your own: {settings.paths.development_warehouse}")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
