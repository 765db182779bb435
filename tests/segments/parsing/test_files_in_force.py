"""A shop's own definition stands in the place of the shipped one of its id."""

import os

import pytest

from segments.parsing.definitions import list_files_in_force, list_own_files, load_segments
from segments.parsing.flaws import SegmentError
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


def test_only_files_of_the_folder_are_read(tmp_path):
    own, outside = tmp_path / "own", tmp_path / "outside.yml"
    own.mkdir()
    outside.write_text(SHIPPED)
    for name in ("lapsed.yml", ".lapsed.yml", "._lapsed.yml"):
        (own / name).write_text(SHIPPED)
    for name, target in (
        ("outside", outside),
        ("dangling", tmp_path / "none"),
        ("inside", own / "lapsed.yml"),
    ):
        (own / f"{name}.yml").symlink_to(target)
    (own / "folder.yml").mkdir()
    os.mkfifo(own / "pipe.yml")
    assert list_own_files(own) == [own / "inside.yml", own / "lapsed.yml"]
    assert list_files_in_force(tmp_path / "missing", own) == list_own_files(own)


def test_a_vast_file_is_never_read_whole(tmp_path):
    vast = tmp_path / "vast.yml"
    with vast.open("wb") as file:
        file.truncate(2**40)  # a hole, which takes no room
    with pytest.raises(SegmentError, match=r"vast\.yml:1:1: has 1,099,511,627,776 bytes; allowed: 65,536"):
        load_segments(DEFINITIONS, tmp_path)


def test_the_night_reads_what_is_in_force(tmp_path):
    (tmp_path / "lapsed.yml").write_text(SHIPPED.replace("name: Lapsed", "name: Gone"))
    before, after = load_segments(DEFINITIONS), load_segments(DEFINITIONS, tmp_path)
    names = {(one.name, other.name) for one, other in zip(before, after, strict=True) if one != other}
    assert names == {("Lapsed", "Gone")}
