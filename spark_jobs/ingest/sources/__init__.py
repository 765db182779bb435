"""One module per source, each with a `SOURCE`; `spark_jobs.sources.registry` finds it by its file name."""
