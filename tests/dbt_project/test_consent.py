"""From an event's no to the features, the training matrix, the lists and the answer, through the real steps
but scoring.
"""

import json
import shutil
from datetime import UTC, date, datetime

import pyarrow as pa

from expectations.contracts.lake import (
    CORE_IDENTITY_LINKS,
    REC_AUDIENCE_ITEMS,
    REC_CUSTOMER_ITEMS,
    REC_ITEM_ITEMS,
)
from serving_app.app import create_app
from serving_app.settings import Settings as ServiceSettings
from spark_jobs.ingest.consents import derive_consents
from spark_jobs.ingest.read_files import read_raw_table
from spark_jobs.ingest.sources.sample_shop import SOURCE
from spark_jobs.lake.tables import Lake, build_arrow_schema
from spark_jobs.learning_data.behaviour import open_learning_data
from spark_jobs.publish import job as publish
from spark_jobs.run.context import LandingDates, RunContext
from spark_jobs.settings import Settings
from spark_jobs.sources.declaration import SourceContext
from spark_jobs.train.matrices import build_training_matrices
from spark_jobs.warehouse import export


def words_of(spark, event: dict) -> list[dict]:
    """What ingest makes of an event, for its user."""
    feed, received = (
        SOURCE.find_feed("events"),
        {"source_file": "f", "source_line": 1, "delivery_id": "d", "wrong_kinds": []},
    )
    raw = ", ".join(f"{name} string" for name in feed.columns)
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in event.items()}
    row = [{**dict.fromkeys(feed.columns), **texts, **received, "landing_date": date(2026, 1, 22)}]
    schema = (
        f"{raw}, wrong_kinds array<string>, source_file string, source_line int, delivery_id string,"
        " landing_date date"
    )
    typed = feed.transform(
        read_raw_table(spark.createDataFrame(row, schema), feed),
        SourceContext(SOURCE.name, SOURCE.time_zone, "key"),
    )
    return [row.asDict() for row in derive_consents(typed, None, "events", ("user_identifier_id",)).collect()]


def listed() -> list[dict]:
    return [{"item_id": f"item{n}", "score": 1 - n / 10, "sources": ["popular"]} for n in range(10)]


def put(lake: Lake, table, rows: list[dict]) -> None:
    full = [
        {name: row.get(name) for name in table.columns} | {"model_version": "concierge/1"} for row in rows
    ]
    lake.overwrite(pa.Table.from_pylist(full, schema=build_arrow_schema(table)).to_reader(), table)


# Over 10 s: the warehouse of `built` (four builds by dbt, for all tests that look at it), and a session.
def test_a_no_said_on_an_event_reaches_features_matrix_lists_and_answer(built, spark, tmp_path):
    [given] = [word for word in built.shop.consents if word["identifier_id"] == "i_u2"]
    denied = built.shop.owner["i_u2"]
    event = {
        "type": "page",
        "messageId": "m",
        "userId": "u2",
        "timestamp": "2026-01-22T12:00:00Z",
        "context": {"consent": {"categoryPreferences": {"personalization": "denied"}}},
    }
    [word] = words_of(spark, event)
    assert {**word, "consented_at": word["consented_at"].replace(tzinfo=UTC)} == {
        **given,
        "identifier_id": word["identifier_id"],
        "first_received": word["first_received"],
    }, "the shop's warehouse was built of another word"

    settings = Settings.from_environment({"CONCIERGE_HOME": str(tmp_path)})
    night, lake = (
        RunContext("n", LandingDates(built.last, built.last), settings, datetime(2026, 2, 1, tzinfo=UTC)),
        Lake(settings.lake, spark),
    )
    settings.paths.warehouse_builds.mkdir(parents=True)
    shutil.copy(built.files[-1], settings.paths.warehouse_builds / "n.duckdb")
    built.shop.write(lake)
    export.run(night, lake)
    with open_learning_data(lake) as con:
        learned = build_training_matrices(con)
    everybody = set(built.shop.owner.values())
    assert denied.encode() not in learned.customer_ids and len(learned.customer_ids) > 3
    assert learned.n_left_out == 0, "nothing of theirs has even left the warehouse"

    put(lake, CORE_IDENTITY_LINKS, [])  # a snapshot packs ids of digits, which this shop's are not

    # A list of before they said no, as the night that scored it left it.
    put(lake, REC_CUSTOMER_ITEMS, [{"customer_id": one, "items": listed()} for one in everybody])
    put(lake, REC_ITEM_ITEMS, [{"item_id": "item1", "items": listed()[2:]}])
    put(lake, REC_AUDIENCE_ITEMS, [{"audience": name, "items": listed()} for name in ("popular", "new")])
    publish.run(night, lake)
    client = create_app(
        ServiceSettings(home=tmp_path), clock=lambda: datetime(2026, 2, 1, tzinfo=UTC)
    ).test_client()
    sources = {
        one: client.get("/v1/recommendations", query_string={"customer_id": one}).json["source"]
        for one in everybody
    }
    assert sources == {one: "popular" if one == denied else "personal" for one in everybody}
