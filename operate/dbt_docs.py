"""`make docs`: dbt's documentation of the published warehouse as one static page."""

from operate.settings import load_settings_or_exit
from spark_jobs.warehouse.dbt_docs import write_dbt_docs

if __name__ == "__main__":
    print(f"dbt's pages: {write_dbt_docs(load_settings_or_exit())}")
