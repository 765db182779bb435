"""What the Makefile starts: Airflow, the scheduler, backfills, consoles and pages for operators."""
