"""The newest lines of a log, however long or damaged it is."""

import json

from serving_app.console.log_reading import read_object, read_objects


def test_the_newest_lines_that_fit(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps({"n": n}) + "\n" for n in range(1000)))
    assert [line["n"] for line in read_objects(path)] == list(range(1000))
    few = [line["n"] for line in read_objects(path, most_bytes=100)]
    assert few == list(range(1000 - len(few), 1000)) and 8 <= len(few) <= 12


def test_torn_and_damaged_lines_are_left_out(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_bytes(b'{"n": 1}\n{"n":\n\xff\xfe\n[1]\n\n{"n": 2}\n{"n": 3')
    assert [line["n"] for line in read_objects(path)] == [1, 2]
    assert list(read_objects(tmp_path / "none")) == []


def test_a_file_that_is_no_object_is_empty(tmp_path):
    path = tmp_path / "report.json"
    assert read_object(path) == {}
    for content in ("[1]", "{", '{"a": 1}' + " " * 50):
        path.write_text(content)
        assert read_object(path, most_bytes=20) == {}
    path.write_text('{"a": 1}')
    assert read_object(path) == {"a": 1}
