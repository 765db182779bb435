"""When things run: each DAG starts the programs of `spark_jobs` and imports none of them."""
