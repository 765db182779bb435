"""`make soak NAME=damage`, short: 50 clients feel nothing of what is done to the files they are answered
from.
"""

import pytest

from benchmarks.soak.damage.__main__ import format_row, is_right, run_control, run_soak
from benchmarks.soak.damage.harms import HARMS, PUBLISHED

pytestmark = pytest.mark.slow  # starts servers

# One of each way that a file is read; the soak itself does all of them.
SHORT = {
    (str(PUBLISHED), "truncate_file"),
    (str(PUBLISHED), "flip_bits"),
    ("published.json", "garble_text"),
    ("serving/state/", "delete_path"),
    ("serving/decision_log/", "delete_path"),
    ("serving/restrictions/data.mdb", "truncate_file"),
    ("serving/restrictions/data.mdb", "flip_bits"),
    ("serving/restrictions/data.mdb", "delete_path"),
}


# Over 10 s: fifty clients of a real server have each to meet every harm.
def test_fifty_clients_feel_no_damage(tmp_path):
    harms = [one for one in HARMS if (one[0], one[1].__name__) in SHORT]
    rows = run_soak(tmp_path, seconds=0, n_clients=50, n_customers=60, harms=harms, kills=False)
    assert len(rows) == len(SHORT) + 2
    # An answer that a client waits 20 s for is a connection that broke.
    assert [format_row(row) for row in rows if not is_right(row)] == []
    assert min(len(row[2].milliseconds) for row in rows) >= 2 * 50, "every client met every harm"
    said = {
        (name.removeprefix("serving/").removeprefix("snapshots/night-2/"), harm): words
        for name, harm, _, words in rows
    }
    assert said["published.json", "garble_text"] == "published.json is damaged; snapshot night-2 is served"
    for harm in ("truncate_file", "flip_bits", "delete_path"):
        assert said["restrictions/data.mdb", harm].startswith(
            "nobody gets a list of their own: the restrictions "
        )
    assert said["every file", "full disk"].startswith("POST 503; the decision log cannot be written: ")
    assert said["data.mdb", "cut, restarted"].startswith(
        "snapshot night-2 is damaged: data.mdb has 100,000 bytes, not "
    )
    assert said["data.mdb", "cut, restarted"].endswith("; snapshot night-1 is served")


# Over 10 s: fifty clients of a server that verifies nothing.
def test_the_control_feels_it(tmp_path):
    seen = run_control(tmp_path, seconds=0, n_clients=50, n_customers=60)
    assert seen.resets or seen.wrong
