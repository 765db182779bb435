"""`/v1/segments` of segments that live: the same as a profile says, at the same moment."""

import duckdb
import pytest

from expectations.contracts.home import HomePaths
from segments.events import Event
from segments.sql.night_relations import EVENTS
from serving_app.http.problems import TooLargeToAnswer
from serving_app.live.backends import BackendError, get_memberships_key
from serving_app.memberships.present import AT_ONCE, list_owners
from serving_app.memberships.record import NO_RECORD, HeldEvent, add_held, pack_owner
from serving_app.segments.live_answers import LiveAnswers
from tests.serving_app.conftest import NEWCOMER, NOW, REGULAR
from tests.serving_app.intake.sent_events import send, viewed
from tests.serving_app.memberships.conftest import keep
from tests.serving_app.memberships.nights import TEXTS, make_snapshot

MICROSECONDS = int(NOW.timestamp()) * 1_000_000
HOUR = 3_600_000_000
# On the day before, at 20, 21 and 22 o'clock: busy by the night, and no more since 20 o'clock of this day.
VIEWS = [Event(MICROSECONDS - n * HOUR, f"v-{n}", "view", "item-05") for n in (16, 15, 14)]


@pytest.fixture
def lively(segments):
    """The newcomer is busy by the night; nobody is anything else that lives."""
    night = make_snapshot("night-1", {NEWCOMER: VIEWS})
    folder = HomePaths(segments.home).segment_definitions
    folder.mkdir(parents=True)
    with duckdb.connect(str(HomePaths(segments.home).warehouse_file)) as warehouse:
        for name, text in TEXTS.items():
            (folder / f"{name}.yml").write_text(text)
            row = [name, name.title(), "rule", "Lives.", int(name == "busy")]
            warehouse.execute("insert into dim_segments values (?, ?, ?, ?, ?)", row)
        warehouse.execute(
            f"insert into fct_customer_segments values ('{NEWCOMER}', 'busy', '2026-02-20', null)"
        )
        warehouse.execute(f"delete from {EVENTS}")
        for event in VIEWS:
            warehouse.execute(
                f"insert into {EVENTS} by name select ? as customer_id, make_timestamp(?) as at,"
                " ? as event_id, 'view' as event_type, 'item-05' as item_id, date '2026-02-20' as day",
                [NEWCOMER, event.at, event.event_id],
            )
    segments.snapshots.publish(night)
    keep(segments)
    return segments


def ask(shop, path, status=200):
    answer = shop.client.get(f"/v1/segments/{path}")
    assert answer.status_code == status, answer.text
    return answer.json


def add_to_cart(shop, message_id, **who):
    assert send(shop, viewed(message_id, event="Product Added", **who)).json["n_accepted"] == 1


def check_agreement(shop):
    """Size, members and explanation say of each live segment what each profile says; who is in which."""
    shown = {who: shop.client.get(f"/v1/customers/{who}").json["segment_ids"] for who in (REGULAR, NEWCOMER)}
    sizes = {each["segment_id"]: each for each in shop.client.get("/v1/segments").json["segments"]}
    members = {}
    for name in TEXTS:
        members[name] = {who for who, names in shown.items() if name in names}
        one, page = ask(shop, name), ask(shop, f"{name}/members")
        assert (one["basis"], one["n_customers"]) == ("live", len(members[name])), name
        assert (sizes[name]["basis"], sizes[name]["n_customers"]) == ("live", len(members[name])), name
        assert page["basis"] == "live" and {each["customer_id"] for each in page["members"]} == members[name]
        for who in shown:
            why = ask(shop, f"{name}/explain?customer_id={who}")
            assert (why["basis"], why["is_member"]) == ("live", who in members[name]), (name, who)
            since = next((each for each in page["members"] if each["customer_id"] == who), {})
            assert why["member_since"] == since.get("member_since")
    return {name: names for name, names in members.items() if names}


def test_all_say_the_same_as_events_come_and_time_passes(lively, clock):
    assert check_agreement(lively) == {"busy": {NEWCOMER}}
    add_to_cart(lively, "m-1", userId="u-regular")
    for n in range(3):
        send(lively, viewed(f"w-{n}", userId="u-regular"))
    assert check_agreement(lively) == {"busy": {NEWCOMER, REGULAR}, "fresh_cart": {REGULAR}}
    clock.move(minutes=10, seconds=1)
    assert check_agreement(lively) == {"busy": {NEWCOMER, REGULAR}}
    clock.move(hours=8)  # by which nobody has looked at the night's timer, in the answer as in the list
    assert check_agreement(lively) == {"busy": {REGULAR}}
    keep(lively)
    assert check_agreement(lively) == {"busy": {REGULAR}}


def test_who_is_in_it_since_today_says_so(lively):
    add_to_cart(lively, "m-1", userId="u-regular")
    [member] = ask(lively, "fresh_cart/members")["members"]
    assert member == {"customer_id": REGULAR, "member_since": "2026-02-21"}
    why = ask(lively, "fresh_cart/explain?user_id=u-regular")
    assert (why["is_member"], why["member_since"], why["day"]) == (True, "2026-02-21", "2026-02-20")
    before = ask(lively, "fresh_cart/explain?user_id=u-regular&at=2026-02-20")
    assert (before["basis"], before["is_member"]) == ("night", False)
    early = f"{NOW.replace(hour=1):%Y-%m-%dT%H:%M:%SZ}"
    assert ask(lively, f"fresh_cart/explain?user_id=u-regular&at={early}")["is_member"] is False
    later = f"{NOW.replace(hour=23):%Y-%m-%dT%H:%M:%SZ}"
    problem = ask(lively, f"fresh_cart/explain?user_id=u-regular&at={later}", 400)
    assert problem["detail"] == "at: is later than now"


def test_pages_go_on_across_the_night_and_the_day(lively):
    for n in range(3):
        send(lively, viewed(f"w-{n}", userId="u-regular"))
    first = ask(lively, "busy/members?limit=1")
    second = ask(lively, f"busy/members?limit=1&cursor={first['next_cursor']}")
    names = [each["customer_id"] for page in (first, second) for each in page["members"]]
    assert names == sorted([NEWCOMER, REGULAR]) and second["next_cursor"] is None


def test_a_visitor_whom_no_night_knows_is_counted_and_explained(lively):
    add_to_cart(lively, "m-1")
    answer = ask(lively, "fresh_cart")
    assert (answer["n_customers"], answer["n_visitors"]) == (0, 1)
    why = ask(lively, "fresh_cart/explain?anonymous_id=b-1")
    assert (why["customer_id"], why["is_member"], why["member_since"]) == (None, True, "2026-02-21")
    assert ask(lively, "fresh_cart/explain?anonymous_id=nobody", 404)["title"]


def test_the_others_are_the_nights(lively):
    answer = ask(lively, "champions")
    assert (answer["basis"], answer["n_customers"], answer["n_visitors"]) == ("night", 2, 0)
    assert ask(lively, "champions/members")["basis"] == "night"
    assert ask(lively, f"champions/explain?customer_id={REGULAR}")["basis"] == "night"


def test_a_no_to_analytics_takes_them_out(lively):
    no = {"consent": {"categoryPreferences": {"analytics": False}}}
    send(lively, viewed("m-1", anonymousId="cookie-newcomer", context=no))
    assert check_agreement(lively) == {}
    why = ask(lively, f"busy/explain?customer_id={NEWCOMER}")
    assert why["sentence"] == "Not in busy: nothing is counted since their no to analytics."


def test_a_no_that_the_night_knows_is_the_reason_too(lively):
    """Nothing of theirs is measured, so nothing came of what they put into the cart."""
    lively.snapshots.publish(make_snapshot("night-2", unmeasured=[REGULAR]))
    add_to_cart(lively, "m-1", userId="u-regular")
    why = ask(lively, f"fresh_cart/explain?customer_id={REGULAR}")
    assert (why["basis"], why["is_member"], why["clause"]) == ("live", False, None)
    assert why["sentence"] == "Not in fresh_cart: nothing is counted since their no to analytics."


def test_without_the_live_states_the_night_answers(lively, monkeypatch):
    send(lively, viewed("w-0", userId="u-regular"))

    def fail(*_):
        raise BackendError("away")

    monkeypatch.setattr(lively.database, "read", fail)
    monkeypatch.setattr(lively.database, "list_keys", fail)
    answer = ask(lively, "busy")
    assert (answer["basis"], answer["n_customers"]) == ("night", 1)
    assert ask(lively, "busy/members")["members"] == [{"customer_id": NEWCOMER, "member_since": "2026-02-20"}]
    assert ask(lively, f"busy/explain?customer_id={NEWCOMER}")["basis"] == "night"


def test_a_look_at_everybody_ends_in_time(lively, clock):
    ticks = iter(range(0, 100, 6))
    live = LiveAnswers(lively.memberships.present, lively.live, clock, 5, lambda: next(ticks))
    with pytest.raises(TooLargeToAnswer):
        live.find_present(lively.snapshots.get_current())


def test_a_look_at_all_reads_the_states_of_some_at_once(lively, monkeypatch):
    """Three times as many visitors as are read at once: each is found, no more than these are read first."""
    event = HeldEvent(NOW.toordinal(), Event(MICROSECONDS, "m-1", "cart"))
    stored = NOW.timestamp(), pack_owner(add_held(NO_RECORD, [event]))
    names = [f"i_{n:04}" for n in range(3 * AT_ONCE)]
    lively.database.values |= {get_memberships_key(name): stored for name in names}
    read, n_read = lively.database.read, []
    monkeypatch.setattr(lively.database, "read", lambda keys: n_read.append(len(keys)) or read(keys))
    night = lively.memberships.nights.find_current()
    owners = list_owners(night, lively.database, MICROSECONDS, lambda: None)
    first = next(owners)
    assert n_read == [AT_ONCE]
    found = [first, *owners]
    assert [name for name, _ in found] == names and {record.n_held for _, record in found} == {1}
