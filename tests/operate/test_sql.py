"""`make sql`: what is asked ends with an exit code that a script may trust, and a session is one that people
know.
"""

import csv
import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time

import duckdb
import pytest

from expectations.contracts.lake import OPS_RUNS
from operate import sql
from spark_jobs.lake.tables import Lake

pytestmark = pytest.mark.slow  # each test is a shell in a process of its own


@pytest.fixture
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("CONCIERGE_HOME", str(tmp_path))
    (tmp_path / "warehouse").mkdir()
    with duckdb.connect(str(tmp_path / "warehouse" / "concierge.duckdb")) as warehouse:
        warehouse.execute(
            "create table dim_segments as select 'all' as segment_id, null::int as n, 'a, \"b\"' as name"
        )
    return tmp_path


def test_every_statement_is_answered_and_an_error_fails(home, capfd):
    assert sql.main(["select segment_id from dim_segments; select 40 + 2 as sum"]) == 0
    shown = capfd.readouterr().out
    assert "all" in shown and "42" in shown
    assert sql.main(["select * from dim_segmnets"]) == 1
    assert "dim_segmnets does not exist" in capfd.readouterr().err
    assert sql.main(["drop table dim_segments"]) == 1, "read-only"


def test_programs_get_csv_and_json(home, capfd):
    assert sql.main(["select * from dim_segments", "--format", "csv"]) == 0
    assert list(csv.reader(capfd.readouterr().out.splitlines())) == [
        ["segment_id", "n", "name"],
        ["all", "", 'a, "b"'],
    ]
    assert sql.main(["select * from dim_segments", "--format", "json"]) == 0
    shown = capfd.readouterr()
    assert shown.err == "" and json.loads(shown.out) == [{"segment_id": "all", "n": None, "name": 'a, "b"'}]
    with pytest.raises(SystemExit):
        sql.main(["select 1", "--format", "xml"])
    assert "FORMAT is 'xml'; allowed: table, csv, json" in capfd.readouterr().err


def test_a_wide_table_is_shown_whole(home, capfd):
    columns = ", ".join(f"{n} as column_number_{n}" for n in range(60))
    assert sql.main([f"select {columns}"]) == 0
    assert capfd.readouterr().out.split("\n")[0].count("column_number_") == 60


@pytest.mark.parametrize(
    ("statements", "code"), [("select 1; select 2;", 0), ("select 1; select nothing;", 1)]
)
def test_a_pipe_is_answered_and_fails_when_a_statement_does(home, statements, code):
    done = subprocess.run(
        [sys.executable, "-m", "operate.sql"],
        input=statements,
        text=True,
        capture_output=True,
        env=os.environ,
    )
    assert (done.returncode, "1" in done.stdout) == (code, True), done.stderr


def test_a_terminal_gets_a_session_that_outlives_ctrl_c(home):
    """Harlequin draws the marts' names; our own shell ended at Ctrl-C."""
    screen, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40"}
    session = subprocess.Popen(
        [sys.executable, "-m", "operate.sql"],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=env,
        start_new_session=True,
    )
    os.close(terminal)
    try:
        assert wait_for(screen, "dim_segments|Data Catalog", 30), "no session was drawn"
        os.write(screen, b"\x03")
        assert session.poll() is None
        # Ctrl-A selects what was typed: duckdb 2.0's relations have no fetchone, which Harlequin asks for
        # then.
        wait_for(screen, "$^", 2)  # the editor takes keys a moment after it is drawn
        os.write(screen, b"select 42")
        assert wait_for(screen, "42", 10), "nothing was typed"
        for keys in (b"\x1b", b"\x01"):
            os.write(screen, keys)
            assert not wait_for(screen, "AttributeError", 1.5, session) and session.poll() is None
        os.write(screen, b"\x11")  # Ctrl-Q
        wait_for(screen, "$^", 10, session)
        assert session.wait(timeout=20) == 0
    finally:
        session.kill()
        os.close(screen)


def wait_for(screen: int, pattern: str, seconds: float, process: subprocess.Popen | None = None) -> bool:
    """Read what a terminal shows until it holds the pattern, the process has ended, or time is over."""
    seen, until = "", time.monotonic() + seconds
    while time.monotonic() < until and (process is None or process.poll() is None):
        if select.select([screen], [], [], 0.1)[0]:
            try:
                seen += os.read(screen, 1 << 16).decode(errors="replace")
            except OSError:  # the other end is closed
                return False
        if re.search(pattern, seen):
            return True
    return False


def test_a_home_on_snowflake_says_where_to_ask(home, monkeypatch):
    monkeypatch.setenv("CONCIERGE_WAREHOUSE", "snowflake")
    monkeypatch.setenv("CONCIERGE_SNOWFLAKE_ACCOUNT", "acme-eu")
    with pytest.raises(SystemExit, match=r"CONCIERGE\.MAIN of the Snowflake account acme-eu"):
        sql.main([])


def test_the_run_manifest_is_read_beside_the_marts(home, capfd):
    rows = [{**dict.fromkeys(OPS_RUNS.columns), "run_id": "r", "step": "land", "table_name": "landing/shop"}]
    Lake(home / "lake").append_rows(rows, OPS_RUNS)
    assert sql.main(["select step, table_name from ops_runs"]) == 0
    assert "landing/shop" in capfd.readouterr().out
