"""The membership query tells turns to the topic that the settings name."""

from types import SimpleNamespace

from spark_jobs.settings import Settings
from spark_jobs.stream import membership_upkeep
from spark_jobs.stream.membership_upkeep import MembershipUpkeep
from spark_jobs.stream.progress import Progress


def test_transitions_go_to_the_topic_of_the_setting(tmp_path, monkeypatch):
    night = SimpleNamespace(versions={})
    monkeypatch.setattr(membership_upkeep, "NightBase", lambda _: night)
    monkeypatch.setattr(membership_upkeep, "Producer", lambda _: None)
    monkeypatch.setattr(membership_upkeep.Published, "read", lambda _: SimpleNamespace(snapshot="s1"))
    settings = Settings.from_environment(
        {
            "CONCIERGE_HOME": str(tmp_path),
            "CONCIERGE_LIVE": "redis://127.0.0.1:1/0",
            "CONCIERGE_TRANSITIONS_TOPIC": "shop.transitions",
        }
    )
    started = []

    def start(spark, of, folder, teller, tell):
        started.append((folder.name, teller._topic))
        return SimpleNamespace(isActive=True, lastProgress=None)

    upkeep = MembershipUpkeep(settings, None, Progress(tmp_path / "progress.json"), start)
    upkeep.look()
    upkeep.look()
    assert started == [("s1", "shop.transitions")]


def test_a_snapshot_that_is_not_there_ends_nothing(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(membership_upkeep.Published, "read", lambda _: SimpleNamespace(snapshot="gone"))
    settings = Settings.from_environment({"CONCIERGE_HOME": str(tmp_path)})
    upkeep = MembershipUpkeep(settings, None, Progress(tmp_path / "progress.json"))
    upkeep.look()
    upkeep.end()
    assert "no memberships are decided" in caplog.text
