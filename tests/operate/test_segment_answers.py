"""`make segments` asks the published night of a home on disk: what `/v1/segments` answers, in words."""

import json
from pathlib import Path

import pytest
from rich.console import Console

from expectations.contracts.home import HomePaths
from operate.segments import main
from segments.definition_changes import hash_text, read_changes
from segments.to_sql import DEFINITIONS
from segments.versions import FOLDER
from tests.serving_app.conftest import KEY, REGULAR, SOURCE, publish
from tests.serving_app.segments.small_warehouse import STRANGER, write_warehouse
from tests.serving_app.segments.test_drafts import HESITANT
from tests.serving_app.segments.test_segment_routes import LAPSED

SHIPPED = (DEFINITIONS / "lapsed.yml").read_text()


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Two nights of the small shop: an earlier text of `lapsed`, then the shipped one."""
    home = tmp_path_factory.mktemp("home")
    publish(home, "night-1")
    write_warehouse(home)
    lines = []
    for n, (digest, text) in enumerate((("old", LAPSED), ("new", SHIPPED)), start=1):
        copy = HomePaths(home).rule_files / digest / FOLDER / "lapsed.yml"
        copy.parent.mkdir(parents=True)
        copy.write_text(text)
        rules = {"digest": digest, "files": {f"{FOLDER}/lapsed.yml": digest}}
        lines.append(json.dumps({"switched_at": f"2026-02-2{n}T03:00:00Z", "rules": rules}))
    HomePaths(home).deployments.write_text("\n".join(lines))
    return home


@pytest.fixture
def ask(home, monkeypatch, capsys):
    """What a command prints; what it complains of, where it fails."""
    for name, value in (("HOME", str(home)), ("SOURCES", SOURCE), ("IDENTITY_KEY", KEY)):
        monkeypatch.setenv(f"CONCIERGE_{name}", value)

    def ask(*words: str) -> str:
        is_failed = main([*words])
        out, err = capsys.readouterr()
        return err if is_failed else out

    return ask


@pytest.fixture
def definition(tmp_path) -> Path:
    file = tmp_path / "lapsed.yml"
    file.write_text(LAPSED)
    return file


def test_why_somebody_is_not_in_a_segment(ask):
    """19 of 21 days and 183 of 300 % are nearer together than 19 of 90 days."""
    lines = ask("explain", "lapsed", "user_id:u-regular").splitlines()
    assert lines[0] == (
        "Not in lapsed; it would begin when days_since_last_order is at least 21 (it is 19)"
        " and overdue_percent is at least 300 (it is 183)."
    )
    assert lines[1] == f"{REGULAR}, at 2026-02-20T23:59:59Z"
    assert [line.split() for line in lines[3:]] == [
        ["✗", "any"],
        ["✗", "days_since_last_order", ">=", "90", "19", ">=", "90"],
        ["✗", "all"],
        ["✗", "days_since_last_order", ">=", "21", "19", ">=", "21"],
        ["✗", "overdue_percent", ">=", "300", "183", ">=", "300"],
    ]
    assert "knows nothing after 2026-02-20" in ask("explain", "lapsed", REGULAR, "--at", "2026-03-01")
    soon = ask("explain", "lapsed", REGULAR, "--at", "soon")
    assert soon == "at: must be a day (2026-02-21) or a moment with its offset\n"


def test_nobody_is_explained_who_may_not_be_named(ask):
    for customer in (STRANGER, "c_nobody", "user_id:nobody"):
        assert ask("explain", "lapsed", customer).startswith("No customer has this id")
    assert ask("explain", "nothing", REGULAR).startswith("No segment of the published night has this id")
    assert ask("explain", "lapsed", "email:ada@shop.example") == (
        "email is unknown; allowed: customer_id:…, user_id:…, anonymous_id:…\n"
    )


def test_a_preview_and_a_diff(ask, definition, tmp_path):
    lines = ask("preview", str(definition)).splitlines()
    assert lines[0] == "lapsed would have 2 members, 66.7% of 3 customers, at the end of 2026-02-20."
    assert lines[-1] == f"Some of them: {REGULAR}"
    out = tmp_path / "who.csv"
    said = "lapsed: 1 members become 2 at the end of 2026-02-20: 1 enter, 0 leave, 1 stay."
    assert ask("diff", str(definition), "--csv", str(out)).splitlines() == [
        said,
        f"{out} names 1 of them.",
    ]
    assert out.read_text().splitlines() == ["customer_id,change", f"{REGULAR},enters"]
    assert ask("diff", "lapsed", "--version", "1").splitlines()[0] == said
    assert "no version of this number" in ask("diff", "lapsed", "--version", "3")


def test_mistakes_stand_with_their_place(ask, definition):
    definition.write_text(LAPSED.replace("value: 10", "value: ten"))
    assert ask("preview", str(definition)).startswith("lapsed.yml:5:")
    assert ask("preview", "nowhere.yml") == "There is no file nowhere.yml; wanted: a definition.\n"
    said = "There is no file lapsed; wanted: a file, or a segment with --version N.\n"
    assert ask("diff", "lapsed") == said


def test_sizes_and_overlaps(ask):
    lines = [line.split() for line in ask("sizes", "--days", "2").splitlines()]
    assert lines[:3] == [
        ["segment", "02-19", "02-20", "since", "02-19"],
        ["champions", "0", "2", "+2"],
        ["frequent_buyers", "0", "1", "+1"],
    ]
    assert ask("overlap").splitlines()[2].split() == ["champions", "frequent_buyers", "1", "0.500"]


def test_many_days_are_weeks_apart_and_whole_in_a_file(ask, tmp_path, monkeypatch):
    monkeypatch.setattr("operate.segments.Console", lambda **_: Console(width=80, highlight=False))
    out = tmp_path / "sizes.csv"
    lines = ask("sizes", "--days", "30", "--csv", str(out)).splitlines()
    assert lines[0].split() == ["segment", "01-23", "01-30", "02-06", "02-13", "02-20", "since", "01-22"]
    assert max(map(len, lines)) <= 80
    rows = out.read_text().splitlines()
    assert len(rows) == 1 + 30 * 6
    assert rows[30] == "champions,2026-02-20,2"


def test_who_may_not_be_named_is_counted_beside_a_file(ask, definition, tmp_path):
    """No order at all, so who lapsed by the shipped rule leaves: the stranger, of whom nothing is said."""
    definition.write_text(LAPSED.replace("value: 10", "value: 20000"))
    out = tmp_path / "who.csv"
    assert ask("diff", str(definition), "--csv", str(out)).splitlines()[1] == (
        f"{out} names 0 of them; 1 may not be named."
    )


def test_before_the_first_night_it_is_said_what_makes_one(ask, tmp_path, monkeypatch):
    monkeypatch.setenv("CONCIERGE_HOME", str(tmp_path))
    assert ask("overlap").endswith("; `make run` makes one\n")


def test_versions_and_one_again(ask, home):
    assert [line.split()[:2] for line in ask("versions", "lapsed").splitlines()[1:]] == [
        ["1", "old"],
        ["2", "new"],
    ]
    assert ask("rollback", "lapsed", "--to", "2") == "The next night reads this version already.\n"
    assert "no phone number" in ask("rollback", "lapsed", "--to", "1", "--reason", "says ada@shop.example")
    said = ask("rollback", "lapsed", "--to", "1", "--reason", "too many", "--by", "MK")
    assert said.startswith("The next night reads version 1 of lapsed")
    assert HomePaths(home).segment_definition("lapsed").read_text() == LAPSED
    assert ask("check").startswith("Understood, and evaluated by the night: 26")
    assert ask("rollback", "lapsed", "--to", "2", "--by", "MK").startswith("The next night reads version 2")
    assert not HomePaths(home).segment_definition("lapsed").exists(), "the checkout's text counts again"
    changes = [(each.version, each.digest, each.by, each.reason) for each in read_changes(home)]
    assert changes == [(1, "old", "MK", "too many"), (2, "new", "MK", "")]


def test_an_edit_that_no_night_had_waits_and_is_kept_by_a_rollback(ask, home):
    own = HomePaths(home).segment_definition("lapsed")
    own.parent.mkdir(exist_ok=True)
    edit = LAPSED.replace("value: 10", "value: 12")
    own.write_text(edit)
    digest = hash_text(edit)
    assert ask("versions", "lapsed").splitlines()[-1].split()[:2] == ["next", digest]
    said = ask("rollback", "lapsed", "--to", "2", "--by", "MK").splitlines()[-1]
    assert said.endswith(f"is kept: segments/kept/lapsed-{digest}.yml of the home.")
    assert (own.parent / f"kept/lapsed-{digest}.yml").read_text() == edit
    assert not own.exists()
    assert len(ask("versions", "lapsed").splitlines()) == 3


def test_a_segment_that_is_none(ask, capsys):
    assert main(["versions", "nosuch"]) == 2
    assert capsys.readouterr().err == "There is no segment nosuch with a rule.\n"


def test_a_version_that_is_not_understood_any_more_stays_where_it_is(ask, home):
    copy = HomePaths(home).rule_files / "old" / FOLDER / "lapsed.yml"
    copy.write_text(LAPSED.replace("days_since_last_order", "gone"))
    assert "version 1:5:18: unknown field 'gone'" in ask("rollback", "lapsed", "--to", "1")
    assert not HomePaths(home).segment_definition("lapsed").exists()
    copy.write_text(LAPSED)


def test_a_draft_from_file_to_force(ask, home, definition):
    """Of three customers one enters, which is more than five in a hundred."""
    definition.write_text(LAPSED.replace("value: 10", "value: 11"))
    said = ask("save", str(definition), "--by", "MK").splitlines()
    draft = said[0].split()[0]
    assert said[0].startswith(f"{draft} of lapsed, saved by MK at ")
    assert said[-1] == '+members: {field: days_since_last_order, op: ">=", value: 11}'
    assert ask("drafts").splitlines() == said
    assert "33.3% of 3 customers; it needs approval by somebody else" in ask("impact", draft)
    assert "another key than the one that saved it" in ask("publish", draft, "--by", "MK")
    assert "needs another key" in ask("approve", draft, "--by", "MK")
    assert "approved by JD" in ask("approve", draft, "--by", "JD")
    lines = ask("publish", draft, "--by", "MK", "--reason", "asked for").splitlines()
    assert lines[0].startswith("lapsed is published")
    assert lines[1].startswith("It counts from the next night on: it asks for days_since_last_order")
    assert ask("drafts").startswith("There are no drafts")
    assert ask("versions", "lapsed").splitlines()[-1].split()[2:] == ["waits", "for", "the", "next", "night"]
    definition.write_text(HESITANT)
    draft = ask("save", str(definition), "--by", "MK").split()[0]
    assert "It counts in the service from now on" in ask("publish", draft, "--by", "MK")
    (line,) = ask("versions", "hesitant").splitlines()[1:]
    assert line.split()[:4] == ["next", hash_text(HESITANT), "live", "since"]
    HomePaths(home).segment_definition("hesitant").unlink()
    assert [each.approved_by for each in read_changes(home)[-2:]] == ["JD", ""]
    HomePaths(home).segment_definition("lapsed").unlink()
