"""A shop's own definition stands in the place of the shipped one of its id."""

from segments.parsing.definitions import list_files_in_force, load_segments
from segments.to_sql import DEFINITIONS

SHIPPED = (DEFINITIONS / "lapsed.yml").read_text()


def test_own_definitions_stand_in_the_place_of_shipped_ones(tmp_path):
    shipped, own = tmp_path / "shipped", tmp_path / "own"
    for folder, names in ((shipped, ("lapsed", "loyal")), (own, ("gone", "lapsed"))):
        folder.mkdir()
        for name in names:
            (folder / f"{name}.yml").write_text("x")
    assert list_files_in_force(shipped, own) == [own / "gone.yml", own / "lapsed.yml", shipped / "loyal.yml"]
    assert list_files_in_force(shipped, tmp_path / "missing") == [
        shipped / "lapsed.yml",
        shipped / "loyal.yml",
    ]


def test_the_night_reads_what_is_in_force(tmp_path):
    (tmp_path / "lapsed.yml").write_text(SHIPPED.replace("name: Lapsed", "name: Gone"))
    before, after = load_segments(DEFINITIONS), load_segments(DEFINITIONS, tmp_path)
    names = {(one.name, other.name) for one, other in zip(before, after, strict=True) if one != other}
    assert names == {("Lapsed", "Gone")}
