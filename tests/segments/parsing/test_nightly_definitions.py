"""The night's definitions are rules of its own fields; the shipped ones split buyers without a gap."""

from itertools import product
from pathlib import Path

import pytest
import yaml

from segments.fields import NIGHT_FIELDS
from segments.parsing.definitions import RFM_CELLS, load_segments, parse_definition
from segments.parsing.flaws import SegmentError
from segments.to_sql import DEFINITIONS
from tests.segments.test_to_sql import means

GOOD = {
    "segment_id": "lapsed",
    "name": "Lapsed",
    "kind": "rule",
    "description": "Gone.",
    "members": {"field": "n_orders", "op": ">=", "value": 1},
}


@pytest.mark.parametrize(
    ("members", "message"),
    [
        pytest.param(
            {"segment": "third", "for": "9 days"},
            "third asks itself how long somebody is",
            id="a stay in a stay",
        ),
        pytest.param(
            {"field": "share_returned", "op": "is_known", "value": True},
            "share_returned is a trait of SQL, known only as of the nights that were run, so the night"
            " evaluates no rule on it; known: days",
            id="a trait of SQL",
        ),
    ],
)
def test_what_the_night_does_not_evaluate_is_refused_where_it_stands(tmp_path: Path, members, message):
    (tmp_path / "lapsed.yml").write_text(yaml.safe_dump(GOOD))
    third = {**GOOD, "segment_id": "third", "members": {"segment": "lapsed", "entered_within": "2 days"}}
    (tmp_path / "third.yml").write_text(yaml.safe_dump(third))
    (tmp_path / "other.yml").write_text(yaml.safe_dump({**GOOD, "segment_id": "other", "members": members}))
    with pytest.raises(SegmentError, match=rf"^other\.yml:\d+:\d+: {message}"):
        load_segments(tmp_path)


def test_a_file_is_called_after_its_segment(tmp_path: Path):
    (tmp_path / "other.yml").write_text(yaml.safe_dump(GOOD))
    with pytest.raises(SegmentError, match=r"the file of that segment is lapsed\.yml"):
        load_segments(tmp_path)


def test_a_folder_without_definitions_is_an_error(tmp_path: Path):
    with pytest.raises(SegmentError, match="no segment definitions"):
        load_segments(tmp_path)


def test_there_are_rfm_segments_and_at_least_eight_by_rule():
    segments = load_segments(DEFINITIONS)
    assert sum(segment.kind == "rfm" for segment in segments) == 10
    assert sum(segment.kind == "rule" for segment in segments) >= 8


def test_the_rfm_grid_has_no_gap_and_no_overlap():
    rfm = [segment for segment in load_segments(DEFINITIONS) if segment.kind == "rfm"]
    for recency, value in product(range(1, 6), repeat=2):
        found = [
            s.segment_id for s in rfm if means(s.members, {"recency_score": recency, "value_score": value})
        ]
        assert len(found) == 1, f"recency {recency}, value {value}: {found}"


def test_fields_are_the_columns_dbt_works_out():
    page = (
        Path(__file__).resolve().parents[3] / "dbt_project/models/intermediate/segments/_segments__models.yml"
    )
    inputs = next(
        model for model in yaml.safe_load(page.read_text())["models"] if model["name"] == "int_segment_inputs"
    )
    assert {column["name"] for column in inputs["columns"]} == {*NIGHT_FIELDS, "customer_id", "state_date"}


def test_the_readmes_grid_is_the_definitions():
    page = (DEFINITIONS.parent / "README.md").read_text()
    rfm = [segment for segment in load_segments(DEFINITIONS) if segment.kind == "rfm"]
    for line in (line for line in page.splitlines() if line.startswith("| **")):
        scores, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        for recency, (value, cell) in product(scores.strip("*").split(", "), enumerate(cells, start=1)):
            facts = {"recency_score": int(recency), "value_score": value}
            assert [s.segment_id for s in rfm if means(s.members, facts)] == [cell]


def test_no_other_segment_is_a_cell_of_the_grid():
    text = yaml.safe_dump(GOOD | {"segment_id": "whales", "kind": "rfm"})
    with pytest.raises(SegmentError, match=r"whales\.yml:1:1: kind rfm is of the ten cells"):
        parse_definition(text, "whales.yml")
    assert set(RFM_CELLS) == {each.segment_id for each in load_segments(DEFINITIONS) if each.kind == "rfm"}
