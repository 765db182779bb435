"""The log of a step: JSON lines in `logs/steps.jsonl` of the home, and the same as plain text on the screen.

A module logs through `logging.getLogger(__name__)`. Each record has the fields `at level logger message` and,
from here, `run` and `step`; a message about one table passes `extra={"table": name}`. Messages hold names and
counts, no personal value. A program that is no step of a run configures nothing: Python's default shows its
warnings on the screen, and it prints its answer.
"""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from expectations.contracts.home import HomePaths

# some 20 kB a night; `make run` and `make backfill` show it as it grows
FILE = HomePaths(Path()).step_log
PACKAGES = ("expectations", "models", "segments", "spark_jobs")
STANDARD_ATTRIBUTES = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class JsonFormatter(logging.Formatter):
    """One line of JSON: the standard fields, then those of `extra`. Of an exception its type alone, since its
    text may hold a personal value.
    """

    def format(self, record: logging.LogRecord) -> str:
        document = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        document |= {name: value for name, value in vars(record).items() if name not in STANDARD_ATTRIBUTES}
        if record.exc_info and record.exc_info[0]:
            document["exception"] = record.exc_info[0].__name__
        return json.dumps(document, ensure_ascii=False, default=str)


class ScreenHandler(logging.Handler):
    """Plain text at once: warnings and errors to stderr, the rest to stdout, as they are at that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            stream = sys.stderr if record.levelno >= logging.WARNING else sys.stdout
            print(self.format(record), file=stream, flush=True)
        except Exception:  # a closed screen stops no step
            self.handleError(record)


class RunFilter(logging.Filter):
    """Gives each record that lacks them the fields `run` and `step`."""

    def __init__(self, run_id: str, step: str) -> None:
        super().__init__()
        self.fields = {"run": run_id, "step": step}

    def filter(self, record: logging.LogRecord) -> bool:
        for name, value in self.fields.items():
            if not hasattr(record, name):
                setattr(record, name, value)
        return True


@contextmanager
def log_step(home: Path, run_id: str, step: str) -> Iterator[None]:
    """While it lasts, what this project's packages log from INFO on goes to the home's log and to the screen.

    Other libraries log as they did: their warnings to the screen.
    """
    (home / FILE).parent.mkdir(parents=True, exist_ok=True)
    file, screen = logging.FileHandler(home / FILE, encoding="utf-8", delay=True), ScreenHandler()
    file.setFormatter(JsonFormatter())
    screen.setFormatter(logging.Formatter("%(step)s: %(message)s"))
    loggers = [logging.getLogger(package) for package in PACKAGES]
    levels = [logger.level for logger in loggers]
    for handler in (file, screen):
        handler.addFilter(RunFilter(run_id, step))
        for logger in loggers:
            logger.addHandler(handler)
            logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.removeHandler(file)
            logger.removeHandler(screen)
            logger.setLevel(level)
        file.close()
