"""`make docs`: dbt's documentation of the published warehouse as one static page."""

from spark_jobs.build.docs import write_docs
from spark_jobs.settings import Settings

if __name__ == "__main__":
    print(f"dbt's pages: {write_docs(Settings.from_environment())}")
