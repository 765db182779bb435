"""The smallest shop's ten days through ingest and identify: whatever it plants is refused, kept or joined
as its truth says.
"""

from datetime import UTC, date, datetime

from benchmarks.planted.facts import LAKE, judge_facts
from benchmarks.planted.home import Home
from benchmarks.planted.records import judge_refused_records
from benchmarks.planted.score import format_scores
from sample_shop.shop import Shop
from spark_jobs.identify import job as identify
from spark_jobs.run.context import LandingDates, RunContext
from spark_jobs.settings import Settings
from tests.spark_jobs.ingest.conftest import KEY

SEED, CUSTOMERS, LAST = 11, 20, date(2026, 1, 14)


# Over 10 s: days of the simulated shop with every planted defect, ingested whole.
def test_every_plant_is_right(home):
    shop = home("sample_shop")
    landing, truth = shop.folder / "landing" / "sample_shop", shop.folder / "truth"
    Shop(SEED, CUSTOMERS, landing, truth, write_from=0).trade_until((LAST - date(2026, 1, 5)).days)
    shop.night("2026-01-05", LAST.isoformat())
    settings = Settings.from_environment({"CONCIERGE_HOME": str(shop.folder), "CONCIERGE_IDENTITY_KEY": KEY})
    identify.run(
        RunContext("night", LandingDates(LAST, LAST), settings, datetime(2026, 1, 15, 3, tzinfo=UTC)),
        shop.lake,
    )
    truth = shop.folder / "truth"
    found = judge_refused_records(shop.lake, truth, LAST) + judge_facts(
        Home(shop.folder, KEY), truth, LAST, LAKE
    )
    assert not [score for score in found if score.n_wrong], format_scores(found)
    assert sum(score.n_planted for score in found) > 150
