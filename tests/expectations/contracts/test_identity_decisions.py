"""The file of decisions: what is written is read back, what is wrong is named, and a killed writer costs no
one else's line.
"""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.contracts import identity_decisions as file
from expectations.contracts.identity_decision_file import read_decisions
from expectations.contracts.identity_decisions import (
    Decision,
    DecisionError,
    parse_decisions,
    select_in_force,
)

AT = datetime(2026, 2, 21, 12, tzinfo=UTC)
IDS = [f"i_{n:032x}" for n in range(5)]
SECRET = "somebody@shop.example"


def decision(word="split", a=0, b=1, minutes=0, reason="two sisters", by="MK"):
    return Decision(AT + timedelta(minutes=minutes), word, IDS[a], IDS[b], by, reason)


def text(*decisions):
    return f"{file.HEADER}\n" + "".join(one.quoted_line for one in decisions)


def is_allowed(said):
    return said == said.strip() and said and said.isprintable() and not file.has_personal_value(said)


words = st.sampled_from(list(file.DECISION_MEANINGS))
lines = st.text(min_size=1, max_size=40).filter(is_allowed)
pairs = st.permutations(IDS).map(lambda ids: ids[:2])
times = st.datetimes(
    timezones=st.sampled_from([UTC, *(datetime.strptime(z, "%z").tzinfo for z in ("+0530", "-1100"))])
)


@st.composite
def decisions(draw):
    a, b = draw(pairs)
    at = draw(times.filter(lambda moment: 1 < moment.year < 9999))
    return Decision(at, draw(words), a, b, draw(lines), draw(lines))


@given(st.lists(decisions(), max_size=6, unique_by=lambda one: one.decision_id))
def test_what_is_written_is_read_back(taken):
    assert parse_decisions(text(*taken)) == taken
    assert parse_decisions("\ufeff" + text(*taken).replace("\n", "\r\n")) == taken, (
        "as a spreadsheet saves it"
    )


@given(st.lists(decisions(), min_size=1, max_size=4, unique_by=lambda one: one.decision_id), st.data())
def test_cut_anywhere_the_lines_before_the_cut_count(taken, data):
    whole = text(*taken)
    cut = whole[: data.draw(st.integers(0, len(whole)))]
    found = parse_decisions(cut)
    n_whole = max(cut.count("\n") - 1, 0)
    extra = found[n_whole:]
    assert found[:n_whole] == taken[:n_whole]
    # One that lacks its newline alone is whole. Of a reason with a quote in it the half of a doubled one may
    # look like its end.
    if extra and '"' in taken[n_whole].reason:
        assert taken[n_whole].reason.startswith(extra[0].reason) and extra[0].pair == taken[n_whole].pair
    else:
        assert extra == (
            taken[n_whole : n_whole + 1]
            if cut != whole and whole[len(cut)] == "\n" and n_whole < len(taken) and cut.count("\n")
            else []
        )


@given(st.lists(st.tuples(words, pairs), max_size=12))
def test_the_last_word_about_a_pair_holds(said):
    taken = [
        Decision(AT + timedelta(seconds=n), word, a, b, "MK", "why") for n, (word, (a, b)) in enumerate(said)
    ]
    wanted = []
    for n, one in enumerate(taken):
        is_last = all(
            {one.identifier_a, one.identifier_b} != {two.identifier_a, two.identifier_b}
            for two in taken[n + 1 :]
        )
        if is_last and one.decision != "withdraw":
            wanted.append(one)
    assert select_in_force(taken) == wanted


def test_an_id_is_of_what_is_said_and_not_of_how_it_is_quoted():
    one = decision(reason="two, sisters")
    assert (
        parse_decisions(f"{file.HEADER}\n{one.line.replace('split', chr(34) + 'split' + chr(34))}\n")[
            0
        ].decision_id
        == one.decision_id
    )
    assert one.decision_id != decision(reason="two sisters").decision_id
    assert one.line == f'2026-02-21T12:00:00.000000Z,split,{IDS[0]},{IDS[1]},MK,"two, sisters"'


def test_a_line_said_twice_is_said_once_and_last():
    one, other = decision(), decision("withdraw", minutes=1)
    assert parse_decisions(text(one, other, one)) == [other, one]
    assert select_in_force(parse_decisions(text(one, other, one))) == [one]


@pytest.mark.parametrize(
    "said",
    [
        "+49 151 23456789",
        "07911 123456",
        "0049 30 1234567",
        "(555) 123-4567",
        "555.123.4567",
        "06 12 34 56 78",
        "030/1234567",
        "call 1234567",
        "(0) 30 – 123 45 67",
        "020-7946-0018",
        "+1 (555) 123-4567",
        "tel:5551234",
        "٠١٥١ ٢٣٤٥٦٧",
        "2026-02-21555123",
        "c_1234567",
        "+2026-02-21 12",
        "99.99.2026",
        SECRET,
    ],
)
def test_a_number_or_an_address_is_refused_however_it_is_written(said):
    for more in ({"reason": f"she said {said} is hers"}, {"by": said}):
        with pytest.raises(DecisionError, match="must hold no e-mail address and no phone number") as told:
            decision(**more)
        assert said not in str(told.value)


@pytest.mark.parametrize(
    "said",
    [
        "since 2026-02-21",
        "seen 2026-02-21T12:30:15.123456Z twice",
        "on 2026-02-21 12:30",
        "born 21.02.1986, not 3/4/1986",
        f"see {IDS[3]}",
        "c_012345678901234567890123 and d_" + 24 * "7",
        "order 536365 of 2026",
        "3, 14, 15, 92, 65 visits",
        "123 456",
        "event 12345678-1234-1234-1234-123456789012",
        "from 2026-01-02 to 2026-02-21",
        "10 cards, 12 phones, 100 e-mails",
    ],
)
def test_dates_ids_and_counts_are_no_numbers(said):
    assert parse_decisions(text(decision(reason=said)))[0].reason == said


@pytest.mark.parametrize(
    ("data", "number"),
    [
        (text(decision(), decision(reason="zwei Brüder")).encode("latin-1"), 3),
        (f"{file.HEADER}\n{decision(reason='un café').line}".encode("latin-1"), 2),
        (text(decision()).encode("utf-16"), 1),
    ],
)
def test_a_file_in_another_encoding_is_refused_by_its_line(tmp_path, data, number):
    path = tmp_path / "decisions.csv"
    path.write_bytes(data)
    with pytest.raises(DecisionError, match=f"line {number} is not UTF-8; save the file as UTF-8"):
        read_decisions(path)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('2026-02-21T12:00:00Z,split,{a},{b},MK,"why', "line 2: its quotes do not match"),
        ("2026-02-21T12:00:00Z,split,{a},{b},MK", "line 2 has 5 fields; a decision has 6: decided_at,"),
        ("2026-02-21T12:00:00Z,split,{a},{b},MK,why,more", "line 2 has 7 fields"),
        ("yesterday,split,{a},{b},MK,why", "line 2: decided_at must be a time"),
        ("2026-02-21T12:00:00,split,{a},{b},MK,why", "line 2: decided_at needs its offset"),
        ("0001-01-01T00:00:00+05:00,split,{a},{b},MK,why", "line 2: decided_at lies beyond the years"),
        (
            "2026-02-21T12:00:00Z,spilt,{a},{b},MK,why",
            "line 2: decision must be one of split, refuse, join, withdraw",
        ),
        (
            "2026-02-21T12:00:00Z,split," + SECRET + ",{b},MK,why",
            "line 2: identifier_a must be an identifier_id: i_ and 32",
        ),
        ("2026-02-21T12:00:00Z,split,{a},{a},MK,why", "line 2: identifier_a and identifier_b must be two"),
        ("2026-02-21T12:00:00Z,split,{a},{b},,why", "line 2: decided_by must be one line of 1 to 500"),
        ("2026-02-21T12:00:00Z,split,{a},{b},MK, why ", "line 2: reason must be one line of 1 to 500"),
        ("2026-02-21T12:00:00Z,split,{a},{b},MK," + "x" * 501, "line 2: reason must be one line of 1 to 500"),
        (
            "2026-02-21T12:00:00Z,split,{a},{b}," + SECRET + ",why",
            "line 2: decided_by must hold no e-mail address",
        ),
        (
            "2026-02-21T12:00:00Z,split,{a},{b},MK,said so at +31 20 123 45 67",
            "line 2: reason must hold no e-mail address and",
        ),
    ],
)
def test_a_wrong_line_is_named_and_its_values_are_not_told(line, words):
    with pytest.raises(DecisionError) as told:
        parse_decisions(f"{file.HEADER}\n{line.format(a=IDS[0], b=IDS[1])}\n{decision().line}\n")
    assert words in str(told.value)
    assert SECRET not in str(told.value) and "123 45" not in str(told.value)


def test_a_file_without_its_header_is_refused():
    with pytest.raises(DecisionError, match="line 1 must be the header: decided_at,decision,"):
        parse_decisions(decision().line + "\n")


def test_a_wrong_last_line_is_no_torn_one():
    with pytest.raises(DecisionError, match="line 2: decision must be one of"):
        parse_decisions(f"{file.HEADER}\n{decision().line.replace('split', 'spilt')}")


def test_nothing_taken_yet(tmp_path):
    assert (
        read_decisions(tmp_path / "none.csv")
        == parse_decisions("")
        == parse_decisions(file.HEADER[:9])
        == parse_decisions(file.HEADER)
        == parse_decisions(file.HEADER + "\n")
        == []
    )
