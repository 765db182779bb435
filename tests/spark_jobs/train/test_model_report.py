"""What is reported of a model that was made before."""

import json
from types import SimpleNamespace

from models.model_version import ModelVersion
from spark_jobs.settings import Settings
from spark_jobs.train.model_report import report_repeat


def test_a_repeat_has_the_verdict_of_the_version_and_not_of_a_file_that_was_left_behind(tmp_path):
    champion = ModelVersion(3, "run3", {"verdict": "accepted"})
    known = ModelVersion(2, "run2", {"verdict": "refused", "reason": "the champion is another one now"})
    (tmp_path / "model.json").write_text(json.dumps({"verdict": "accepted", "reason": "it is better"}))
    run = SimpleNamespace(settings=Settings.from_environment({"CONCIERGE_HOME": str(tmp_path)}), slug="run")
    registry = SimpleNamespace(download_file=lambda *_: tmp_path / "model.json")
    [report] = report_repeat(SimpleNamespace(run=run, registry=registry, champion=champion), known)
    written = json.loads(run.settings.paths.model_report("run").read_text())
    for told in (report.detail, written):
        assert (told["verdict"], told["reason"]) == ("refused", "the champion is another one now")
