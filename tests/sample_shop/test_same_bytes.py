"""Same seed, same bytes: however the days are asked for, and whatever else differs between two runs."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from sample_shop.__main__ import main

ROOT = Path(__file__).resolve().parents[2]


def written(home: Path) -> dict[str, str]:
    """Relative path → SHA-256 of every file under a home, hidden ones too."""
    files = [path for path in home.rglob("*") if path.is_file()]
    return {str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def trade(
    home: Path, *, seed: int = 11, first: str = "2026-01-05", last: str = "2026-01-14"
) -> dict[str, str]:
    args = [
        "--landing",
        f"{home}/landing",
        "--truth",
        f"{home}/truth",
        "--customers",
        "150",
        "--seed",
        f"{seed}",
    ]
    main([*args, "--from", first, "--to", last])
    return written(home)


def test_range_day_by_day_and_twice_write_the_same_bytes(small, tmp_path):
    """One call for ten days (the fixture) against single days, one of them twice, and a range written over
    them.
    """
    for day in (14, 5, 6, 7, 8, 9, 9, 10, 11, 12, 13):
        trade(tmp_path, first=f"2026-01-{day:02d}", last=f"2026-01-{day:02d}")
    single = written(tmp_path)
    assert single == written(small.landing.parent)
    assert trade(tmp_path, first="2026-01-07", last="2026-01-11") == single


def test_another_process_with_another_hash_seed_writes_the_same_bytes(small, tmp_path):
    command = [
        sys.executable,
        "-m",
        "sample_shop",
        "--landing",
        f"{tmp_path}/landing",
        "--truth",
        f"{tmp_path}/truth",
    ]
    command += ["--customers", "150", "--seed", "11", "--from", "2026-01-12", "--to", "2026-01-14"]
    done = subprocess.run(
        command, cwd=ROOT, env={"PYTHONHASHSEED": "12345"}, capture_output=True, text=True, check=True
    )
    assert "2026-01-14 · day 10 of 10" in done.stderr and not done.stdout
    expected = written(small.landing.parent)
    found = written(tmp_path)
    assert len(found) > 30 and found.items() <= expected.items()


def test_days_that_follow_change_nothing_before_them(small, tmp_path):
    longer = trade(tmp_path, last="2026-01-17")
    assert written(small.landing.parent).items() <= longer.items()


def test_another_seed_writes_other_bytes(small, tmp_path):
    """Negative control: everything that is drawn differs, file by file."""
    other, expected = trade(tmp_path, seed=12), written(small.landing.parent)
    same = {path for path in other if expected.get(path) == other[path]}
    assert set(other) == set(expected)
    assert {path for path in same if path.startswith("landing/")} == set()
    # the README, the position bias, days of unchanged consents or without a planted fact
    assert len(same) < 0.15 * len(other)


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["--from", "2026-01-04", "--to", "2026-01-06"], id="before the opening"),
        pytest.param(["--from", "2026-01-09", "--to", "2026-01-08"], id="a range turned round"),
        pytest.param(["--to", "2026-01-08", "--customers", "5"], id="hardly a shop"),
    ],
)
def test_refuses_what_it_cannot_trade(tmp_path, words, capsys):
    with pytest.raises(SystemExit):
        main(["--landing", f"{tmp_path}/l", "--truth", f"{tmp_path}/t", *words])
    assert "error" in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_another_shop_does_not_go_on_where_one_trades(tmp_path):
    """Its days would be of 2,000 people where 150 are known; nothing is written of them."""
    before = trade(tmp_path, last="2026-01-06")
    with pytest.raises(SystemExit, match="has 150 customers and seed 11, asked for are 150 and 12"):
        trade(tmp_path, seed=12, first="2026-01-07", last="2026-01-07")
    assert written(tmp_path) == before
    assert trade(tmp_path, first="2026-01-07", last="2026-01-07").items() > before.items()
