"""A definition that is wrong or too dear is left out with what rests on it, and nothing else is."""

from pathlib import Path

import pytest

from segments.in_force import Bounds, load_understood, select_in_force
from segments.parsing.definitions import make_reader_of_day
from segments.parsing.flaws import SegmentError
from segments.sql.costs import CostLimits, ShopStatistics
from segments.to_sql import DEFINITIONS
from tests.segments.golden_definitions import GOLDEN

MILLION = 1_000_000
SHOP = ShopStatistics(
    MILLION, {"view": 40 * MILLION, "cart": 8 * MILLION, "purchase": 2 * MILLION}, n_days=400
)
VIEWED = "{count: view, op: '>=', value: 1}"
PAIRS = "{sequence: [{event: any}, {event: any, different: session_id}, {event: any, different: session_id}]}"


def write(folder: Path, **rules: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, rule in rules.items():
        (folder / f"{name}.yml").write_text(
            f"segment_id: {name}\nname: Some\nkind: rule\ndescription: Some.\nmembers: {rule}\n"
        )
    return folder


def names(in_force) -> list[str]:
    return [segment.segment_id for segment in in_force.segments]


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        pytest.param("{count: view", "broken.yml:", id="no YAML"),
        pytest.param("{count: vew, op: '>=', value: 1}", "broken.yml:5:18: unknown event type", id="a word"),
        pytest.param("{segment: nowhere}", "broken.yml:5:20: unknown segment 'nowhere'", id="no segment"),
        pytest.param("{segment: broken}", "broken.yml:5:20: segments name each other", id="a circle"),
        pytest.param(
            "{field: value_percentage, op: '>=', value: 1}",
            "broken.yml:5:18: unknown field",
            id="a field that nobody predicts",
        ),
        pytest.param("{field: n_orders, op: '>=', value: \udcff}", "broken.yml:5:", id="no UTF-8"),
    ],
)
def test_a_broken_file_takes_along_what_rests_on_it_alone(tmp_path, rule, why):
    write(tmp_path, viewed=VIEWED, on_it="{not: {segment: broken}}", deep="{segment: on_it}")
    text = f"segment_id: broken\nname: Some\nkind: rule\ndescription: Some.\nmembers: {rule}\n"
    (tmp_path / "broken.yml").write_bytes(text.encode(errors="surrogateescape"))
    in_force = select_in_force(tmp_path)
    assert names(in_force) == ["viewed"]
    assert in_force.left_out["broken"].startswith(why)
    assert "\n" not in in_force.left_out["broken"]
    assert {name: in_force.left_out[name] for name in ("on_it", "deep")} == {
        "on_it": "it names the segment broken, which is left out",
        "deep": "it names the segment on_it, which is left out",
    }
    write(tmp_path, broken=VIEWED)
    mended = select_in_force(tmp_path)
    assert (names(mended), mended.left_out) == (["broken", "deep", "on_it", "viewed"], {})


def test_a_circle_is_left_out_whole_and_so_is_what_leads_into_it(tmp_path):
    write(tmp_path, a="{segment: b}", b="{segment: a}", into="{segment: a}", viewed=VIEWED)
    in_force = select_in_force(tmp_path)
    assert names(in_force) == ["viewed"] and sorted(in_force.left_out) == ["a", "b", "into"]


def test_too_dear_a_definition_is_left_out_with_its_estimate(tmp_path):
    """Fifty events each: a million × 50 × 50 pairs for either of two steps, beside 50 million events."""
    write(tmp_path, dear=PAIRS, viewed=VIEWED, on_it=f"{{any: [{VIEWED}, {{segment: dear}}]}}")
    in_force = select_in_force(tmp_path, None, Bounds(SHOP, CostLimits()))
    assert names(in_force) == ["viewed"]
    assert in_force.sentences == [
        "dear: segment dear would make 5,051,000,000 rows, 2,500,000,000 of them for step 2, any event, in"
        " pairs that are different in session_id; allowed: 5,000,000,000. A shorter window, fewer event types"
        " or a `within` make it cheaper",
        "on_it: it names the segment dear, which is left out",
    ]
    more = Bounds(SHOP, CostLimits(n_made=5_051_000_000))
    assert names(select_in_force(tmp_path, None, more)) == ["dear", "on_it", "viewed"]


def test_what_is_shipped_and_the_forty_stay_in_bounds_at_a_million_customers():
    bounds = Bounds(SHOP, CostLimits())
    assert select_in_force(DEFINITIONS, None, bounds).left_out == {}
    free, bounded = select_in_force(DEFINITIONS, GOLDEN), select_in_force(DEFINITIONS, GOLDEN, bounds)
    assert names(bounded) == names(free) and len(free.segments) == len(list(DEFINITIONS.glob("*.yml"))) + 40


def test_a_shops_own_broken_file_brings_the_shipped_one_not_back(tmp_path):
    (tmp_path / "lapsed.yml").write_text("?")
    in_force = select_in_force(DEFINITIONS, tmp_path)
    assert "lapsed" in in_force.left_out and "lapsed" not in names(in_force)
    assert len(in_force.segments) + len(in_force.left_out) == len(list(DEFINITIONS.glob("*.yml")))


def test_a_broken_learned_definition_is_left_out_alone(tmp_path):
    (tmp_path / "learned").mkdir()
    (tmp_path / "learned/like_nobody.yml").write_text("lookalike: {")
    in_force = select_in_force(DEFINITIONS, tmp_path)
    assert [each.segment_id for each in in_force.learned] == ["like_champions"]
    assert (list(in_force.learned_left_out), in_force.left_out) == (["like_nobody"], {})


def test_with_nothing_left_there_is_nothing_to_build(tmp_path):
    write(tmp_path, a="{segment: a}")
    with pytest.raises(SegmentError, match="circle"):
        select_in_force(tmp_path)
    assert load_understood([], make_reader_of_day()) == ({}, {})
