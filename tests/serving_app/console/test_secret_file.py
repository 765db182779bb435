"""The secret of sessions: made once for all workers, readable by its owner alone, and never made up."""

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from serving_app.console.secret_file import SecretUnreadable, read_or_make_secret


def test_workers_that_begin_at_once_share_one(tmp_path):
    path = tmp_path / "console" / "session.key"
    with ThreadPoolExecutor(8) as workers:
        secrets = set(workers.map(read_or_make_secret, [path] * 16))
    assert len(secrets) == 1 and len(secrets.pop()) == 32
    assert [file.name for file in path.parent.iterdir()] == ["session.key"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
def test_a_damaged_secret_lets_nobody_in(tmp_path, content):
    path = tmp_path / "session.key"
    path.write_bytes(content)
    with pytest.raises(SecretUnreadable, match="delete it"):
        read_or_make_secret(path)
    assert path.read_bytes() == content


def test_another_home_has_another(tmp_path):
    assert read_or_make_secret(tmp_path / "a" / "k") != read_or_make_secret(tmp_path / "b" / "k")
