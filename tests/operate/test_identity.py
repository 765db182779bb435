"""`make explain` and `make decide`: what is typed is answered in words, from the published snapshot, and what
is wrong too.
"""

from datetime import UTC, datetime

import pytest

from expectations.contracts import snapshot as contract
from expectations.contracts.identifiers import hash_identifier
from expectations.contracts.identity_decision_file import read_decisions
from expectations.contracts.published import Published
from operate import identity
from spark_jobs.publish.snapshot_writer import write_snapshot

KEY, MAIL = "test-key", "ada@shop.example"
USER, EMAIL = hash_identifier(KEY, "user_id", "online_retail", "u-1"), hash_identifier(KEY, "email", "", MAIL)


@pytest.fixture
def home(monkeypatch, tmp_path):
    for name, value in {
        "HOME": str(tmp_path),
        "SOURCES": "sample_shop,online_retail",
        "IDENTITY_KEY": KEY,
    }.items():
        monkeypatch.setenv(f"CONCIERGE_{name}", value)
    monkeypatch.setenv("LOGNAME", "mk")
    seen = (
        "same_order",
        "core_order_lines/online_retail/o-9/1",
        1.0,
        datetime(2026, 1, 10, 8, tzinfo=UTC),
        None,
    )
    pairs = {
        contract.META: contract.pack_record(
            contract.SnapshotMeta(
                contract.LAYOUT, "n", "2026-02-20", "2026-02-21T03:00:00Z", "none", "c0de", {}
            )
        ),
        contract.get_identifier_links_key(USER): contract.pack_links(
            contract.IdentifierLinks("user_id", "c_1", (contract.Link(EMAIL, *seen),))
        ),
        contract.get_identifier_links_key(EMAIL): contract.pack_links(
            contract.IdentifierLinks("email", "c_1", (contract.Link(USER, *seen),))
        ),
        contract.REVIEWS: contract.pack_reviews([]),
    }
    write_snapshot(tmp_path / "serving" / "snapshots" / "n", pairs.items())
    Published("n", "2026-02-20", "2026-02-21T03:00:00Z", "n", "", "none", "").write(tmp_path)
    return tmp_path


def test_explained_in_words_and_by_link(home, capsys):
    assert identity.main(["explain", "--a", "user_id:u-1", "--b", f"email:{MAIL}", "--as-of", ""]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told == [
        (
            f"User id {USER} and e-mail address {EMAIL} are one customer: user id {USER} and e-mail address"
            f" {EMAIL} were seen together in the order o-9 of online_retail on 2026-01-10."
        ),
        "",
        f"a  user_id:u-1  {USER}  user_id  of c_1",
        f"b  email:{MAIL}  {EMAIL}  email  of c_1",
        (
            f"   user_id {USER} – email {EMAIL}  same_order  core_order_lines/online_retail/o-9/1  weight 1  "
            "first seen 2026-01-10T08:00:00.000000Z"
        ),
    ]


def test_a_decision_that_no_night_has_applied_is_named(home, capsys):
    ends = ["--a", "user_id:u-1", "--b", f"email:{MAIL}"]
    assert (
        identity.main(["decide", "--decision", "split", *ends, "--reason", "two of them", "--by", "MK"]) == 0
    )
    capsys.readouterr()
    assert identity.main(["explain", *ends]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "are one customer" in lines[0]
    assert lines[1].startswith(f"Pending: split of {USER} and {EMAIL}, decided ")
    assert lines[1].endswith("by MK; it counts with the next night.")


def test_before_it_was_seen(home, capsys):
    assert identity.main(["explain", "--a", USER, "--b", EMAIL, "--as-of", "2026-01-09"]) == 0
    assert "are two customers: nothing links them." in capsys.readouterr().out


def test_a_decision_is_taken_down_under_ones_own_name(home, capsys):
    said = ["--a", "user_id:u-1", "--b", f"email:{MAIL}", "--reason", "two of them"]
    assert identity.main(["decide", "--decision", "split", *said, "--by", ""]) == 0
    assert "split (the two are never one customer)" in capsys.readouterr().out
    [one] = read_decisions(home / "identity" / "decisions.csv")
    assert (one.decision, one.identifier_a, one.identifier_b, one.decided_by) == ("split", USER, EMAIL, "mk")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (["explain", "--a", "user_id:u-1", "--b", "user_id:u-2"], "No identifier is known by what B= says."),
        (
            ["explain", "--a", "", "--b", ""],
            (
                "A= is missing: it takes user_id:…, anonymous_id:…, crm_id:…, email:…, phone:+… or an"
                " identifier_id; B= is missing"
            ),
        ),
        (["explain", "--a", "u-1", "--b", EMAIL], "A= must be an identifier_id, or one of user_id:<value>, "),
        (
            ["explain", "--a", " ", "--b", "x" * 600],
            "A= must be printable and not blank; B= must have at most 512 characters",
        ),
        (
            ["explain", "--a", USER, "--b", EMAIL, "--as-of", "then"],
            "AS_OF= must be a day (2026-02-21, to its end in UTC) or",
        ),
        (
            ["decide", "--decision", "spilt", "--a", USER, "--b", EMAIL, "--reason", "x"],
            "DECISION= must be 'split', 'refuse', ",
        ),
        (
            ["decide", "--decision", "split", "--a", USER, "--b", EMAIL, "--reason", MAIL],
            "REASON= must hold no e-mail address",
        ),
        (
            ["decide", "--decision", "split", "--a", USER, "--b", EMAIL, "--reason", ""],
            "REASON= must be one line of 1 to 500",
        ),
        (
            ["decide", "--decision", "split", "--a", USER, "--b", USER, "--reason", "x"],
            "A= and B= must be two identifiers",
        ),
        (
            ["decide", "--decision", "split", "--a", USER, "--b", EMAIL, "--reason", "x", "--by", MAIL],
            "BY= must hold no e-mail address",
        ),
    ],
)
def test_what_is_wrong_is_said_and_fails(home, capsys, said, words):
    assert identity.main(said) == 1
    told = capsys.readouterr()
    assert words in told.err and MAIL not in told.err and told.out == ""
    assert not (home / "identity").exists()


def test_a_file_out_of_reach_is_said_and_fails(home, capsys):
    (home / "identity" / "decisions.csv").mkdir(parents=True)
    assert (
        identity.main(["decide", "--decision", "split", "--a", USER, "--b", EMAIL, "--reason", "two of them"])
        == 1
    )
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "identity/decisions.csv: Is a directory\n")
