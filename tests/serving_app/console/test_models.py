"""Versions of the model, what was in production when, and a night brought back by a program."""

import json
import sys

import pytest

from expectations.contracts.published import Published
from serving_app.console.model_records import build_deployments, draw_quality, read_training
from serving_app.console.model_service import ModelService
from serving_app.console.rollback_program import RollbackAnswer, run_rollback
from serving_app.http.problems import BadRequest
from tests.serving_app.conftest import publish

REPORT = {
    "candidate": "concierge/6",
    "kind": "refit",
    "verdict": "refused",
    "reason": "inferior",
    "window": {"until": "2026-02-22"},
    "leaderboard": {
        "served": {"quality": {"mean": 0.26, "low": 0.19, "high": 0.34}},
        "popularity": {"quality": {"mean": 0.09}},
    },
}


def deploy(run, at, by="publish", version="concierge/4", why=""):
    record = {"run_id": run, "landing_date": "2026-02-21", "model_version": version}
    metrics = {"quality": {"mean": 0.3}}
    return {"switched_at": at, "by": by, "record": record, "why": why, "model": {"metrics": metrics}}


def test_a_training_is_read_from_its_report():
    training = read_training("night-1", REPORT)
    assert (training.candidate, training.verdict, training.last_day) == (
        "concierge/6",
        "refused",
        "2026-02-21",
    )
    assert (training.quality, training.low, training.high, training.popularity) == (0.26, 0.19, 0.34, 0.09)
    assert "fitted model: 0.260 on 21 Feb" in draw_quality([training])


@pytest.mark.parametrize(
    "report", [{}, {"leaderboard": [], "window": 3}, {"leaderboard": {"served": {"quality": 1}}}]
)
def test_a_report_of_another_shape_is_a_training_without_figures(report):
    assert read_training("n", report).quality is None


def test_what_was_in_production_when():
    first, second, third = build_deployments(
        [
            deploy("a", "2026-02-20T04:00:00Z"),
            deploy("b", "2026-02-21T04:00:00Z", version="concierge/5"),
            deploy("a", "2026-02-21T09:00:00Z", by="rollback", why="lists were odd"),
        ]
    )[::-1]
    assert first.ended_at == second.switched_at and second.ended_at == third.switched_at
    assert third.ended_at is None and (third.by, third.why) == ("rollback", "lists were odd")
    assert third.metrics == {"quality": 0.3}


@pytest.fixture
def nights(tmp_path):
    publish(tmp_path, "night-1")
    publish(tmp_path, "night-2", published_at="2026-02-22T03:00:00Z", first=5)
    return tmp_path


def test_the_nights_that_are_kept_can_be_brought_back_and_no_other(nights):
    asked = []

    def run(*args):
        asked.append(args)
        return RollbackAnswer(True, "Done")

    service = ModelService(nights, run)
    assert [one.run_id for one in service.list_targets()] == ["night-1"]
    assert service.roll_back("night-1", " lists\nwere odd ", "0123456789ab").is_done
    assert asked == [(nights, "night-1", "lists were odd (by 0123456789ab in the console)")]
    for run_id, reason in (
        ("night-2", "x"),
        ("--to=night-1", "x"),
        ("", "x"),
        ("night-1", " "),
        ("night-1", "x" * 301),
        ("night-1", "a\x1b[2Jb"),
        ("night-1", "ada@shop.example asked"),
    ):
        with pytest.raises(BadRequest):
            service.roll_back(run_id, reason, "k")
    assert len(asked) == 1


SCRIPT = (
    "import os, sys; print(os.environ['CONCIERGE_HOME'], sys.argv[1:], flush=True); sys.exit(int({code}))"
)


@pytest.mark.parametrize(("code", "is_done"), [(0, True), (1, False)])
def test_the_program_is_of_this_home_and_its_words_are_read(tmp_path, code, is_done):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "rollback.log").write_text("of an earlier one\n")
    command = (sys.executable, "-c", SCRIPT.format(code=code))
    reason = "it's; $(odd)"
    answer = run_rollback(tmp_path, "night-1", reason, command)
    assert answer.is_done is is_done
    assert answer.words == f"{tmp_path} {['--to=night-1', f'--reason={reason}']}"


def test_a_program_that_takes_long_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr("serving_app.console.rollback_program.PATIENCE_SECONDS", 0.05)
    waits = "import sys; sys.stdin.read(); import threading; threading.Event().wait(0.5); print('done')"
    answer = run_rollback(tmp_path, "n", "x", (sys.executable, "-c", waits))
    assert answer == RollbackAnswer(None, "")


def test_the_page_shows_trainings_and_deployments_and_rolls_back(shop, sign_in, monkeypatch):
    publish(shop.home, "night-1")
    publish(shop.home, "night-2", published_at="2026-02-22T03:00:00Z")
    folder = shop.home / "reports" / "night-2"
    folder.mkdir(parents=True)
    (folder / "model.json").write_text(json.dumps(REPORT))
    lines = [json.dumps(deploy("night-1", "2026-02-20T04:00:00Z")), "torn"]
    (shop.home / "serving" / "production.jsonl").write_text("\n".join(lines))
    reader = sign_in()
    page = reader.get("/console/models").text
    assert "concierge/6" in page and "inferior" in page and 'value="night-1"' in page
    asked = []
    service = next(s for s in shop.app.extensions["concierge"].values() if isinstance(s, ModelService))
    monkeypatch.setattr(
        service, "_run", lambda *args: asked.append(args) or RollbackAnswer(False, "it is <b>gone</b>")
    )
    answer = reader.post("/console/models/rollback", {"to": "night-1", "reason": "odd lists"})
    assert answer.status_code == 409 and "it is &lt;b&gt;gone&lt;/b&gt;" in answer.text
    assert asked == [(shop.home, "night-1", "odd lists (by local in the console)")]
    part = reader.post(
        "/console/models/rollback", {"to": "night-1", "reason": "odd"}, headers={"HX-Request": "true"}
    )
    assert "<html" not in part.text and "it is &lt;b&gt;gone&lt;/b&gt;" in part.text and len(asked) == 2
    assert (
        reader.client.post("/console/models/rollback", data={"to": "night-1", "reason": "x"}).status_code
        == 403
    )
    assert reader.get("/console/models/rollback").status_code == 404
    assert len(asked) == 2 and Published.read(shop.home).run_id == "night-2"
