"""Up to which day a snapshot of events that came by a topic stands for all that was received."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from spark_jobs.publish.new_snapshot import find_live_absorbed_date
from spark_jobs.run.context import LandingDates, RunContext
from spark_jobs.settings import Settings
from spark_jobs.sources.registry import load_sources
from spark_jobs.sources.topic_landing import TopicLanding

SUNDAY, MONDAY = date(2026, 1, 4), date(2026, 1, 5)
NIGHT = datetime(2026, 1, 6, 3, tzinfo=UTC)


def absorb(home, events="kafka", whole_until=None, spooled=None) -> date:
    settings = Settings.from_environment(
        {"CONCIERGE_HOME": str(home), "CONCIERGE_SOURCES": "online_retail", "CONCIERGE_EVENTS": events}
    )
    if whole_until:
        TopicLanding(settings.paths, settings.events_topic, "UTC").note_whole(whole_until)
    if spooled:
        settings.paths.spool.mkdir(parents=True)
        line = f"00\t{json.dumps({'receivedAt': spooled})}\n"
        (settings.paths.spool / "1.spool").write_text(line)
    context = RunContext("night", LandingDates(MONDAY, MONDAY), settings, NIGHT)
    return find_live_absorbed_date(context, load_sources(settings.sources), MONDAY)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        pytest.param({"events": "log"}, MONDAY, id="no topic"),
        pytest.param({"whole_until": NIGHT}, MONDAY, id="all has landed"),
        pytest.param({"whole_until": NIGHT - timedelta(hours=4)}, SUNDAY, id="the broker is away since"),
        pytest.param({}, date.min, id="nothing is known of the topic"),
        pytest.param(
            {"whole_until": NIGHT, "spooled": "2026-01-05T22:00:00Z"}, SUNDAY, id="some wait in the spool"
        ),
        pytest.param(
            {"whole_until": NIGHT, "spooled": "2026-01-06T01:00:00Z"}, MONDAY, id="of the day after"
        ),
    ],
)
def test_live_states_keep_what_no_night_has_read(tmp_path, more, expected):
    assert absorb(tmp_path, **more) == expected
