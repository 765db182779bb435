"""The published warehouse file is copied whole, whatever the file system can."""

import errno
import os

import pytest

from spark_jobs.warehouse.build_inputs import copy_file


@pytest.mark.parametrize("n_bytes", [0, 3_000_000])
def test_a_copy_is_whole(tmp_path, n_bytes):
    content = os.urandom(n_bytes)
    (tmp_path / "from").write_bytes(content)
    (tmp_path / "to").write_bytes(b"what was there before, and longer")
    copy_file(tmp_path / "from", tmp_path / "to")
    assert (tmp_path / "to").read_bytes() == content


def test_a_file_system_that_cannot_share_blocks_copies_bytes(tmp_path, monkeypatch):
    def copy_a_part_then_fail(source: int, target: int, count: int) -> int:
        if os.lseek(target, 0, os.SEEK_CUR):
            raise OSError(errno.EXDEV, "other file system")
        return os.write(target, os.read(source, 10))

    monkeypatch.setattr(os, "copy_file_range", copy_a_part_then_fail)
    content = os.urandom(100_000)
    (tmp_path / "from").write_bytes(content)
    copy_file(tmp_path / "from", tmp_path / "to")
    assert (tmp_path / "to").read_bytes() == content


def test_a_system_without_the_call_copies_bytes(tmp_path, monkeypatch):
    """macOS."""
    monkeypatch.delattr(os, "copy_file_range")
    (tmp_path / "from").write_bytes(b"a warehouse")
    copy_file(tmp_path / "from", tmp_path / "to")
    assert (tmp_path / "to").read_bytes() == b"a warehouse"
