"""What `make run` prints of a step, by records of the log written by hand."""

import io
import json

from rich.console import Console

from operate.follow import RunFollower, describe_border_check, describe_table_row
from spark_jobs.run.manifest import OUTCOMES

ROW = {"table_name": "core_events", "n_rows": None, "version_before": 3, "version_after": 4, "detail": {}}
ROW |= {f"n_{name}": 0 for name in OUTCOMES}


def test_a_row_says_what_became_of_what_was_received():
    row = {**ROW, "n_received": 1418, "n_inserted": 1398, "n_duplicate": 11, "n_quarantined": 9}
    assert describe_table_row(row).split(maxsplit=1) == [
        "core_events",
        "received 1,418, inserted 1,398, duplicate 11, quarantined 9",
    ]
    assert describe_table_row({**ROW, "n_rows": 12, "detail": {"deleted": 3}}).endswith("deleted 3, 12 rows")
    assert describe_table_row({**ROW, "detail": {"n_files": 2}}).endswith("2 files delivered")
    pruned = {"snapshot": "night-8", "switched": True, "pruned": ["night-1"]}
    assert describe_table_row({**ROW, "n_rows": 12, "detail": pruned}).endswith("12 rows"), (
        "of snapshots, not of rows"
    )
    assert "all files were here already" in describe_table_row({**ROW, "detail": {"n_files": 0}})
    assert describe_table_row(ROW).endswith("version 4 written")
    assert "nothing to do" in describe_table_row(
        {**ROW, "version_before": 4}
    ) and "as it was" in describe_table_row({**ROW, "version_before": 4})
    assert "nothing to do" in describe_table_row({**ROW, "version_before": None, "version_after": None})


def test_borders_take_one_line_and_one_more_for_each_broken_promise():
    kept = {"n_expectations": 17, "n_unmet": 0, "unmet": []}
    unmet = {"severity": "warn", "expectation": "quantity: between", "n_rows": 4}
    said = {"core_events": kept, "core_order_lines": {"n_expectations": 24, "n_unmet": 1, "unmet": [unmet]}}
    rows = [{"table_name": name, "detail": detail} for name, detail in said.items()]
    first, second = describe_border_check(rows)
    assert first == "40 of 41 expectations met by 2 tables"
    assert second.split(maxsplit=1) == ["core_order_lines", "warn: quantity: between, 4 rows"]


def test_the_screen_shows_each_step_once_as_the_log_grows(tmp_path):
    file, console = tmp_path / "steps.jsonl", Console(file=io.StringIO(), width=200)
    file.write_text(json.dumps({"step": "land", "seconds": 1.0, "tables": [ROW]}) + "\n")
    follow = RunFollower(file, console)
    follow()
    assert not follow.shown_any, "of a run before this one"
    with file.open("a") as log:
        log.write('{"step": "half a lin\n')
    line = json.dumps({"step": "ingest", "seconds": 12.34, "tables": [{**ROW, "n_inserted": 7}]}) + "\n"
    with file.open("a") as log:
        log.write(json.dumps({"step": "ingest", "message": "of no table"}) + "\n" + line[:20])
        log.flush()
        follow()
        assert not follow.shown_any, "the line is not whole yet"
        log.write(line[20:])
    follow()
    follow()
    text = console.file.getvalue()
    assert follow.shown_any and "land" not in text
    assert (
        "ingest  12.3 s of its own" in text and text.count("core_events                    inserted 7") == 1
    )


def test_a_home_without_a_log_shows_nothing(tmp_path):
    follow = RunFollower(tmp_path / "none.jsonl", Console(file=io.StringIO()))
    follow()
    assert not follow.shown_any
