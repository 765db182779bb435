"""One's own shop: what its files may hold, how they are split, and that whatever cannot be read is a sentence
with counts.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.leaderboard import __main__ as program
from benchmarks.leaderboard.datasets import read_dataset
from models.training_data import KINDS, PURCHASE

HEAD = "customer_id,item_id,occurred_at"


def wanted(data, window="test"):
    """What is asked of whom, by ids."""
    asked = getattr(data, window).asked
    rows, items = asked.wanted.nonzero()
    return sorted(
        zip(data.customer_ids[asked.customers[rows]].tolist(), data.item_ids[items].tolist(), strict=True)
    )


def shop(folder, lines, head=HEAD, **files):
    folder.mkdir(exist_ok=True)
    (folder / "interactions.csv").write_text("\n".join([head, *lines]), encoding="utf-8")
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)
    return str(folder)


def twelve_days(kind="purchase"):
    """Four customers on three days each, with views on the third of January."""
    return [
        f"c{c},i{c % 3},2026-01-{d:02}T08:00:00Z,{'view' if d == 3 else kind}"
        for c in range(4)
        for d in (1, 3, 11)
    ] + ["c0,i2,2026-01-12T08:00:00Z,purchase"]


def test_the_newest_sixth_is_the_test(tmp_path):
    data = read_dataset(shop(tmp_path / "corner", twelve_days(), f"{HEAD},interaction_type"))
    assert data.name == "corner"
    # windows of two days
    assert wanted(data) == [
        ("c0", "i0"),
        ("c0", "i2"),
        ("c1", "i1"),
        ("c2", "i2"),
        ("c3", "i0"),
    ]
    behaviour = data.test.training.behaviour
    assert len(behaviour) == 8 and set(np.unique(behaviour.kind)) == {KINDS.index("view"), PURCHASE}


@pytest.mark.parametrize(
    "form",
    [
        "{d}",
        "{d} 08:15:00",
        "{d}T08:15:00Z",
        "{d}T08:15:00.5Z",
        "{d}T08:15:00.123456Z",
        "{d}T10:15:00+02:00",
        "{d}T08:15:00.25+00:00",
    ],
)
def test_times_of_any_iso_form_may_be_mixed(tmp_path, form):
    lines = [f"c{n % 2},i{n % 3},2026-01-{1 + n:02}T08:15:00Z" for n in range(11)]
    lines[4] = f"c0,i1,{form.format(d='2026-01-05')}"
    behaviour = read_dataset(shop(tmp_path, lines)).test.training.behaviour
    assert np.unique(behaviour.day).tolist() == [20454 + n for n in range(10)]  # 2026-01-01 is day 20,454


def test_an_offset_can_move_a_day(tmp_path):
    lines = [f"c{n % 2},i{n % 3},2026-01-{1 + n:02}T01:00:00+02:00" for n in range(12)]
    # the evening before, in UTC
    assert read_dataset(shop(tmp_path, lines)).test.training.behaviour.day.min() == 20453


TWO = ["c0,i0,2026-01-01", "c1,i1,2026-01-02"]
SENTENCES = [
    pytest.param([""], HEAD, "holds a line of column names and no row", id="no row"),
    pytest.param([], "", "is empty; its first line names the columns", id="empty"),
    pytest.param(
        ["1,2026-01-01"],
        "customer_id,occurred_at",
        "has no column item_id; it has customer_id, occ",
        id="column",
    ),
    pytest.param(
        [*TWO, " ,i1,2026-01-03", ",i1,2026-01-03"],
        HEAD,
        r"2 of 4 rows have a blank customer_id, first in data row 3: ''; every row names one",
        id="blank customer",
    ),
    pytest.param([*TWO, "c1,,2026-01-03"], HEAD, "1 of 3 rows have a blank item_id", id="blank item"),
    pytest.param(
        ["c0,i0,1433221332", "c1,i1,1433224214"],
        HEAD,
        "2 of 2 rows have an unreadable occurred_at, first in data row 1: '1433221332'; numbers are not read"
        " as times "
        r"\(seconds, days\?\); allowed is ISO 8601",
        id="unix seconds",
    ),
    pytest.param(
        [*TWO, "c1,i1,31/01/2026"],
        HEAD,
        "unreadable occurred_at.*31/01/2026.; allowed is ISO 8601",
        id="another form of time",
    ),
    pytest.param([*TWO, "c1,i1,"], HEAD, "1 of 3 rows have a blank occurred_at", id="no time"),
    pytest.param(
        [
            "c0,i0,2026-01-01,buy",
            "c0,i0,2026-01-02,Purchase",
            "c0,i0,2026-01-03,buy",
            "c0,i0,2026-01-03,view",
        ],
        f"{HEAD},interaction_type",
        r"3 of 4 rows have an unreadable interaction_type: 'buy' \(2\), 'Purchase' \(1\); "
        "the words are view, cart, purchase",
        id="unknown words",
    ),
    pytest.param(
        ["c0,i0,2026-01-01,1.5", 'c0,i0,2026-01-02,"1,5"', "c0,i0,2026-01-02,-1"],
        f"{HEAD},price",
        "2 of 3 rows have an unreadable price, first in data row 2: '1,5'; allowed is a number from 0 on",
        id="price",
    ),
    pytest.param(TWO, HEAD, "has 2 days, fewer than six days", id="too few days"),
    pytest.param(
        [f"c{n},i{n % 2},2026-01-{1 + n:02}" for n in range(12)],
        HEAD,
        "nobody to ask: 2 customers wanted something in the days 2026-01-11 to 2026-01-12, none of them"
        " wanted anything before",
        id="nobody to ask",
    ),
    pytest.param(
        ["c0,i0,2026-01-01", "c0,i0"], f"{HEAD}", "1 of 2 rows have a blank occurred_at", id="a short line"
    ),
    pytest.param(
        ["c0,i0,2026-01-01,x,y"],
        HEAD,
        "is no CSV in UTF-8 with commas|unreadable occurred_at",
        id="a long line",
    ),
]


@pytest.mark.parametrize(("lines", "head", "sentence"), SENTENCES)
def test_what_cannot_be_read_ends_with_a_sentence(tmp_path, monkeypatch, capsys, lines, head, sentence):
    folder = shop(tmp_path / "shop", lines, head)
    with pytest.raises(ValueError, match=sentence):
        read_dataset(folder)
    monkeypatch.setattr("sys.argv", ["leaderboard", folder])
    with pytest.raises(SystemExit) as ended:
        program.main()
    assert ended.value.code == 1 and capsys.readouterr().err.startswith("make leaderboard: ")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.text(max_size=6), max_size=5), max_size=8), st.booleans())
def test_any_text_is_read_or_refused_with_a_sentence(tmp_path_factory, cells, with_head):
    """Whatever stands in the file: a data set, or a ValueError that names the file."""
    folder = tmp_path_factory.mktemp("any")
    lines = [",".join(row) for row in cells]
    text = "\n".join([f"{HEAD},interaction_type,price,category", *lines] if with_head else lines)
    (folder / "interactions.csv").write_text(text, encoding="utf-8", errors="surrogatepass")
    try:
        data = read_dataset(str(folder))
    except ValueError as error:
        assert str(folder) in str(error)
    else:
        assert "" not in data.customer_ids.tolist() and "" not in data.item_ids.tolist()


def test_ids_that_look_like_nothing_are_ids(tmp_path):
    """pandas reads NA, null and nan as missing values; here they are an item's code."""
    lines = [f"{name},NA,2026-01-{d:02}" for name in ("null", "nan", "007") for d in (1, 12)]
    data = read_dataset(shop(tmp_path, lines))
    assert data.customer_ids.tolist() == ["007", "nan", "null"] and data.item_ids.tolist() == ["NA"]


def test_several_categories_of_an_item(tmp_path):
    """Each is an attribute that two items may share; the first is the item's category."""
    lines = [
        f"c{n % 2},i{n % 4},2026-01-{1 + n:02},{c}"
        for n, c in enumerate(["Tea|Green", "Tea | Black", "Cups", ""] * 3)
    ]
    training = read_dataset(shop(tmp_path, lines, f"{HEAD},category")).test.training
    content = training.content.toarray()
    assert content.sum(axis=1).tolist() == [1, 1, 0, 0], "Tea; what one item alone has says nothing"
    assert training.category.tolist() == [1, 1, 0, -1]


def split(folder, protocol="", test="customer_id,item_id\nc0,i9\nc0,i3\nc1,new\nstranger,i1\n"):
    """A published split: no times; c0 has thirty items, c1 two."""
    lines = [f"c0,i{n}" for n in range(30) if n not in (3, 9)] + ["c1,i1", "c1,i3", "c2,i9"]
    files = {"test_csv": test} | ({"protocol_yml": protocol} if protocol else {})
    return shop(folder, lines, "customer_id,item_id", **files)


def test_a_published_split_can_be_expressed(tmp_path):
    data = read_dataset(split(tmp_path, "cuts: [20, 5]\nfigures: [recall, ndcg, hit]\n"))
    assert wanted(data) == [("c0", "i3"), ("c0", "i9"), ("c1", "new")]
    assert data.tasks == ("discover",) and data.ks == (20, 5)
    assert data.columns == tuple(
        ("discover", f"{name}@{cut}") for cut in (20, 5) for name in ("recall", "ndcg", "hit")
    )
    assert (
        "2 customers. Of its 4 rows 1 are of customers who wanted nothing" in data.protocol
        and "; 1 are of items" in data.protocol
    )
    assert len(data.test.training.behaviour) == 31
    held = data.validation
    assert len(held.training.behaviour) == 29 and len(wanted(data, "validation")) == 2, (
        "a tenth of c0's items, rounded down"
    )
    assert not set(wanted(data, "validation")) & set(wanted(data))


@pytest.mark.parametrize(
    ("protocol", "sentence"),
    [
        (
            "cuts: [0]",
            (
                r"protocol.yml: cuts is '\[0\]'; allowed are cuts \(whole numbers from 1 to 1000\), figures"
                r" \(ndcg"
            ),
        ),
        ("cut: [10]", "protocol.yml holds .*cut.*; allowed are cuts"),
        ("figures: [auc]", "figures is .*auc"),
        ("tasks: [next, next]", "tasks is .*each a list without repeats"),
        ("cuts: 10", "cuts is '10'"),
        ("[", "is not YAML"),
    ],
)
def test_a_protocol_of_ones_own_is_checked(tmp_path, protocol, sentence):
    with pytest.raises(ValueError, match=sentence):
        read_dataset(split(tmp_path, protocol))


def test_a_test_file_that_asks_nobody_is_said(tmp_path):
    with pytest.raises(
        ValueError, match=r"nobody to ask: 1 customers wanted something in test.csv, none of them"
    ):
        read_dataset(split(tmp_path, test="customer_id,item_id\nstranger,i1\n"))
