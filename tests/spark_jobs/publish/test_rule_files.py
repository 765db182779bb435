"""What lies among a home's definitions and is none keeps nothing from being published."""

import os

from expectations.contracts.home import HomePaths
from spark_jobs.publish.rule_files import hash_rule_files, store_rule_file_copies


def test_what_is_no_file_has_no_text_to_keep(tmp_path):
    own = HomePaths(tmp_path).segment_definitions / "learned"
    own.mkdir(parents=True)
    before = hash_rule_files(tmp_path)
    (own / "folder.yml").mkdir()
    (own / "gone.yml").symlink_to(tmp_path / "nowhere")
    os.mkfifo(own / "pipe.yml")
    (own / "like_mine.yml").write_text("not understood, and yet kept: [")
    hashes = hash_rule_files(tmp_path)
    assert hashes.keys() - before.keys() == {"segments/learned/like_mine.yml"}
    copies = store_rule_file_copies(tmp_path, hashes)
    assert (copies / "segments/learned/like_mine.yml").read_text() == "not understood, and yet kept: ["
