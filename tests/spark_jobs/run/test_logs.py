"""What a step logs: JSON lines with run, step and table in the home, plain text on the screen."""

import json
import logging

import pytest

from spark_jobs.run.logs import FILE, log_step


def test_records_have_run_step_and_table_and_the_screen_has_text(tmp_path, capsys):
    logger = logging.getLogger("spark_jobs.anywhere")
    logger.info("before")
    with log_step(tmp_path, "run 1", "ingest"):
        logger.info("12 rows", extra={"table": "core_events"})
        logger.warning("ünusual")
        logging.getLogger("elsewhere").error("of another library")
    logger.error("after")
    with log_step(tmp_path, "run 2", "score"):
        logger.info("0.1 s", extra={"step": "validate"})
    records = [json.loads(line) for line in (tmp_path / FILE).read_text("utf-8").splitlines()]
    assert [(each["run"], each["step"], each.get("table"), each["message"]) for each in records] == [
        ("run 1", "ingest", "core_events", "12 rows"),
        ("run 1", "ingest", None, "ünusual"),
        ("run 2", "validate", None, "0.1 s"),
    ]
    assert records[0]["level"] == "INFO" and records[0]["logger"] == "spark_jobs.anywhere"
    assert records[0]["at"].endswith("+00:00")
    screen = capsys.readouterr()
    assert screen.out == "ingest: 12 rows\nvalidate: 0.1 s\n" and screen.err == "ingest: ünusual\n"


def test_of_an_exception_its_type_alone_is_written(tmp_path):
    with log_step(tmp_path, "r", "ingest"), pytest.raises(ZeroDivisionError):
        try:
            raise ZeroDivisionError("jane@example.test")
        except ZeroDivisionError:
            logging.getLogger("spark_jobs").exception("stopped")
            raise
    [record] = [json.loads(line) for line in (tmp_path / FILE).read_text().splitlines()]
    assert record["exception"] == "ZeroDivisionError" and "jane" not in str(record)


def test_a_step_that_fails_leaves_no_handler_behind(tmp_path):
    logger = logging.getLogger("spark_jobs")
    before = logger.handlers[:], logger.level
    with pytest.raises(RuntimeError), log_step(tmp_path, "r", "ingest"):
        raise RuntimeError
    assert (logger.handlers, logger.level) == before
