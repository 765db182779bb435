"""What a feed's `plain_typer` types is what its transform makes of the same record; the rest it leaves."""

import csv
import gzip
import io
import json
import random
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_jobs.ingest import feed_ingest
from spark_jobs.ingest.deliveries import Delivery, DeliveryManifest
from spark_jobs.ingest.feed_records import FeedRecords
from spark_jobs.ingest.parted_deliveries import read_few_deliveries
from spark_jobs.ingest.plain_events import EventTyper
from spark_jobs.ingest.plain_values import TIME, compute_shop_dates, parse_plain_times
from spark_jobs.ingest.read_files import read_deliveries
from spark_jobs.ingest.readable_records import select_few_readable
from spark_jobs.ingest.sources import live, sample_shop
from spark_jobs.lake.tables import Lake
from spark_jobs.sources.declaration import SourceContext
from spark_jobs.sources.landed_files import LandedFile

TIMES = [
    "2026-01-05T10:00:00.123Z",
    "2026-01-05T10:00:00Z",
    "2026-01-06T03:59:59.999999Z",
    "2026-01-07T03:59:59.999Z",  # in Martinique the last moment of the day after the one it landed on
    "2026-01-07T04:00:00Z",
    "1999-12-31T23:59:59Z",
    "2026-02-30T10:00:00Z",
    "2026-01-05T24:00:00Z",
    "2026-01-05T10:00:00+02:00",
    "2026-01-05 10:00:00",
    " 2026-01-05T10:00:00Z",
    "",
    "soon",
    None,
    5,
]
TEXTS = ["a", " a ", "", "é\u0301", "x" * 1001, None, 7, True, "#", "\t"]
WORDS = [True, False, None, "yes", "no", 1]
PRICES = [1, 12.5, "3.25", 0.00001, -1, "1e2", 99999999.99, 1e8, 1.00005, "", None, True, "x"]
DEGREES = [
    48.137,
    -11.5,
    "48.137",
    " 7 ",
    0,
    90,
    90.1,
    181,
    -180,
    1e-7,
    "1e2",
    "",
    None,
    True,
    "x",
    [],
    0.1 + 0.2,
]
ZONES = [
    "Europe/Vienna",
    "America/New_York",
    "UTC",
    "Mars/Olympus",
    "EST5EDT",
    " Asia/Tokyo ",
    "",
    None,
    7,
    [],
]
QUANTITIES = [1, 3, "2", 2.0, 0, -1, 1_000_000, "", None, "two"]
PREFERENCES = [
    {"analytics": True, "personalization": False},
    {"personalization": True},
    {"Personalization": True},
    {"personalization": True, "PERSONALIZATION": False},
    {"marketing": False, "analytics": "no"},
    {},
    None,
    [],
    "none",
]
HEALTHY_EVENT = {
    "type": "track",
    "event": "Product Viewed",
    "messageId": "m",
    "userId": "u",
    "timestamp": "2026-01-05T10:00:00Z",
    "context": {"sessionId": "s", "device": {"type": "phone"}, "page": {"path": "/", "referrer": ""}},
    "properties": {"product_id": "p", "price": 1.5, "currency": "EUR"},
}


def vary_event(pick: random.Random) -> dict:
    """An event that is healthy but for some of its fields."""

    def product() -> dict:
        fields = {"product_id": TEXTS, "price": PRICES, "quantity": QUANTITIES}
        return {"product_id": "p"} | {
            name: pick.choice(all_) for name, all_ in fields.items() if pick.random() < 0.2
        }

    def context() -> dict:
        places = {"device": "type", "page": "path", "campaign": "name", "location": "country"}
        inner = {
            name: pick.choice([{leaf: pick.choice(TEXTS)}, None, "x", []]) for name, leaf in places.items()
        }
        place = {name: pick.choice(DEGREES) for name in ("latitude", "longitude")}
        inner |= {"location": pick.choice([place, {"country": "at"} | place, inner["location"]])}
        inner |= {
            "timezone": pick.choice(ZONES),
            "isBot": pick.choice([*WORDS, "true"]),
            "sessionId": pick.choice(TEXTS),
        }
        inner["consent"] = pick.choice(
            [{"categoryPreferences": each} for each in PREFERENCES] + [None, [], "x"]
        )
        return HEALTHY_EVENT["context"] | {
            name: inner[name] for name in pick.sample(sorted(inner), pick.randrange(3))
        }

    changes = {
        "type": lambda: pick.choice(["track", "page", "identify", "alias", "Track", None, 1]),
        "event": lambda: pick.choice(["Order Completed", "Product Added", "Products Searched", "Odd", None]),
        "messageId": lambda: pick.choice(TEXTS),
        "userId": lambda: pick.choice(TEXTS),
        "anonymousId": lambda: pick.choice(TEXTS),
        "previousId": lambda: pick.choice(TEXTS),
        **{
            name: lambda: pick.choice(TIMES)
            for name in ("timestamp", "originalTimestamp", "sentAt", "receivedAt")
        },
        "context": lambda: pick.choice([context(), context(), None, "x", [], '{"sessionId":"s"}']),
        "properties": lambda: pick.choice(
            [
                product() | {"currency": pick.choice(["EUR", "eur", *TEXTS])},
                {"order_id": pick.choice(["o", *TEXTS]), "products": [product(), product()]},
                {"order_id": "o", "products": pick.choice([[], [None], None, "x", [product()]])},
                None,
                [],
            ]
        ),
    }
    # twice in three the fields of a purchase go together
    purchase = {
        "event": "Order Completed",
        "properties": {"order_id": "o", "products": [product(), product()]},
    }
    event = HEALTHY_EVENT | pick.choice([{}, {}, purchase])
    return event | {name: changes[name]() for name in pick.sample(sorted(changes), pick.randrange(4))}


def vary_person(pick: random.Random) -> dict:
    """A record of a customer file that is healthy but for some of its fields."""
    person = dict.fromkeys(sample_shop.PEOPLE_COLUMNS, "") | {
        "crm_id": "c",
        "updated_at": "2026-01-05T10:00:00Z",
    }
    times, texts = ([str(each or "") for each in all_] for all_ in (TIMES, TEXTS))
    choices = dict.fromkeys(sample_shop.PEOPLE_COLUMNS, texts) | {
        "phone": ["0612345678", "+33 6 12 34 56 78", "0033612345678", "x", ""],
        "country": ["FR", "fr", "Atlantis", ""],
        "email": ["A@example.com", "a@example.com", " ", "x"],
        "birth_date": ["1990-02-28", "1990-02-30", "19900228", "0001-01-01", "1990-W01-1", " ", ""],
        "created_at": [*times, "1899-12-31T23:59:59Z", "1900-01-01T00:00:00Z"],
        "updated_at": times,
        "marketing_consent": ["true", "YES", " no ", "false", "perhaps", "0", ""],
        "personalization_consent": ["1", "granted", "", "faux"],
    }
    return person | {
        name: pick.choice(choices[name]) for name in pick.sample(sorted(choices), pick.randrange(5))
    }


def land_events(folder: Path, events: list[dict], name: str = "events.jsonl.gz") -> Path:
    lines = "".join(json.dumps(each, separators=(",", ":"), ensure_ascii=False) + "\n" for each in events)
    (folder / name).write_bytes(
        gzip.compress(lines.encode(), mtime=0) if name.endswith(".gz") else lines.encode()
    )
    return folder / name


def land_people(folder: Path, people: list[dict]) -> Path:
    text = io.StringIO()
    writer = csv.DictWriter(text, sample_shop.PEOPLE_COLUMNS)
    writer.writeheader()
    writer.writerows(people)
    (folder / "people.csv").write_text(text.getvalue())
    return folder / "people.csv"


@pytest.fixture
def type_both_ways(spark, tmp_path):
    """A function that types a file's records plainly and by the transform: rows by line and number."""

    def type_file(source, entity, path) -> tuple[dict, dict]:
        feed, context = source.find_feed(entity), SourceContext(source.name, "America/Martinique", "a key")
        file = LandedFile(path, path.name, source.name, entity, date(2026, 1, 5), 1, "0")
        deliveries = [Delivery("d", file)]
        lake = Lake(tmp_path / "lake", spark)
        records = FeedRecords(lake, context, DeliveryManifest(lake), source, feed)
        careful = records.type_records(read_deliveries(spark, feed, deliveries)).toArrow()
        plain, odd, raw = read_few_deliveries(feed, context, deliveries)
        assert raw.equals(select_few_readable(careful).cast(raw.schema))
        careful = careful.drop_columns(["received"])
        assert len(plain["source_line"].unique()) + odd.num_rows == len(
            set(careful["source_line"].to_pylist())
        )
        plain = plain.select(careful.column_names).cast(
            pa.schema([field.with_nullable(True) for field in careful.schema])
        )
        return tuple(
            {(row["source_line"], row["_row_no"]): row | {"raw_text": None} for row in rows.to_pylist()}
            for rows in (plain, careful)
        )

    return type_file


@pytest.mark.parametrize(
    ("source", "entity", "vary", "land", "least"),
    [
        pytest.param(sample_shop.SOURCE, "events", vary_event, land_events, 300, id="events"),
        pytest.param(sample_shop.SOURCE, "people", vary_person, land_people, 300, id="people"),
    ],
)
def test_plain_records_are_typed_as_the_transform_types_them(
    type_both_ways, tmp_path, source, entity, vary, land, least
):
    pick = random.Random(5)
    path = land(tmp_path, [vary(pick) for _ in range(1500)])
    plain, careful = type_both_ways(source, entity, path)
    assert len(plain) > least
    assert {key: careful[key] for key in plain} == plain
    # all rows of a record are plain, or none
    lines = {line for line, _ in plain}
    assert {key for key in careful if key[0] in lines} == set(plain)


def test_what_the_service_refused_is_not_plain(type_both_ways, tmp_path):
    envelope = {"source": "sample_shop", "receivedAt": "2026-01-05T12:00:00.000000Z"}
    refused = {"quarantined": {"reason": "bad_value", "detail": "x"}, "raw_text": json.dumps(HEALTHY_EVENT)}
    path = land_events(
        tmp_path, [envelope | HEALTHY_EVENT, envelope | refused, envelope | HEALTHY_EVENT], "1.jsonl"
    )
    plain, careful = type_both_ways(live.SOURCE, "events", path)
    assert {line for line, _ in plain} == {1, 3}
    assert plain == {key: row for key, row in careful.items() if key[0] != 2}
    assert {row["id_source"] for row in plain.values()} == {"sample_shop"}


def test_a_feed_with_another_transform_types_nothing_plainly():
    feed = sample_shop.SOURCE.find_feed("events")
    assert feed.plain_typer is live.SOURCE.find_feed("events").plain_typer is EventTyper
    assert replace(feed, transform=lambda received, context: received).plain_typer is None


def test_many_events_give_the_tables_that_few_give(home, monkeypatch):
    pick, homes = random.Random(6), []
    days = {f"2026-01-0{day}": [vary_event(pick) for _ in range(200)] for day in (5, 6, 7)}
    for name, is_small in (("few", True), ("many", False)):
        monkeypatch.setattr(feed_ingest, "are_small", lambda deliveries, is_small=is_small: is_small)
        shop = home("sample_shop", name)
        for day, events in days.items():
            numbered = [event | {"messageId": f"{day}#{n}"} for n, event in enumerate(events)]
            folder = shop.folder / "landing" / "sample_shop" / "events" / day
            folder.mkdir(parents=True)
            land_events(folder, numbered)
        shop.night("2026-01-05", "2026-01-07", CONCIERGE_REFUSED_PERCENT="100")
        assert not (shop.folder / "ingest").exists()
        homes.append(shop)
    few, many = homes
    assert len(few.rows("core_events")) > 100
    assert few.core() == many.core()
    quarantined = [
        sorted(each.rows("quarantine"), key=lambda row: (row["source_file"], row["source_line"]))
        for each in homes
    ]
    assert quarantined[0] == quarantined[1]


@given(
    st.datetimes(datetime(1970, 1, 1), datetime(2037, 12, 31)),
    st.sampled_from(["America/Martinique", "Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
)
def test_the_shops_day_is_that_of_its_time_zone(at, zone):
    at = at.replace(tzinfo=UTC)
    (day,) = compute_shop_dates(pa.array([at], TIME), zone).to_pylist()
    assert day == at.astimezone(ZoneInfo(zone)).date()


def test_a_time_that_no_calendar_has_leaves_its_neighbours_plain():
    texts = ["2026-01-05T10:00:00Z", "2026-02-30T10:00:00Z", None, "", "x", "2038-04-01T23:00:00Z"]
    times, are_plain = parse_plain_times(texts)
    assert are_plain.tolist() == [True, False, True, True, False, False]
    assert times.to_pylist() == [datetime(2026, 1, 5, 10, tzinfo=UTC), *[None] * 5]
