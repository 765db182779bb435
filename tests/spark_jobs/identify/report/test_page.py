"""The night's identity page: what it shows, that it names nobody, and that labels and nodes do not cover one
another.
"""

import re
from base64 import b64decode
from datetime import UTC, date, datetime
from io import BytesIO
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from matplotlib import image
from scipy.spatial.distance import pdist, squareform

from expectations.contracts.lake import (
    CORE_IDENTIFIERS,
    CORE_IDENTITIES,
    CORE_IDENTITY_CHANGES,
    CORE_IDENTITY_DECISIONS,
    CORE_IDENTITY_LIKENESS,
    CORE_IDENTITY_LINKS,
)
from spark_jobs.identify.report import cluster_picture
from spark_jobs.identify.report.graph_layout import compute_node_positions, compute_path_lengths
from spark_jobs.identify.report.label_layout import LabelPlacer, compute_box_overlap, crosses_box
from spark_jobs.identify.report.page import IdentityReport, count_links_by_rule, render_page, write_page
from spark_jobs.identify.report.subgraph import (
    DrawnGraph,
    DrawnLink,
    DrawnNode,
    build_drawn_graph,
    read_neighbourhood,
)
from spark_jobs.identify.review.inputs import ReviewLimits, ReviewTables
from spark_jobs.identify.review.questions import build_review_questions
from spark_jobs.lake.arrow_types import build_arrow_schema

LIMITS = ReviewLimits(giant=50, review=0.8, link=0.95)

OPENING, CANARY = datetime(2026, 1, 5, tzinfo=UTC), "canary.person@example.test"
KINDS = ("user_id", "crm_id", "email", "phone")


def identifiers_of(names: dict[str, str]) -> pa.Table:
    rows = [
        {
            "identifier_id": name,
            "kind": kind,
            "source": "shop",
            "value": CANARY,
            "value_normalised": CANARY,
            "first_seen_at": OPENING,
        }
        for name, kind in names.items()
    ]
    return pa.Table.from_pylist(rows, schema=build_arrow_schema(CORE_IDENTIFIERS))


def links_of(rows: list[tuple]) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "identifier_id_a": min(a, b),
                "identifier_id_b": max(a, b),
                "rule": rule,
                "weight": weight,
                "held_by": held,
                "is_followed": held is None,
                "first_seen_at": OPENING,
            }
            for a, b, rule, weight, held in rows
        ],
        schema=build_arrow_schema(CORE_IDENTITY_LINKS),
    )


@pytest.fixture(scope="module")
def tonight() -> IdentityReport:
    """Persons 1 and 2 hang together by one login, 3 and 4 are alike but held, 5 has sixty browsers."""
    names = {f"i_{kind}{n}": kind for n in range(1, 6) for kind in KINDS}
    names |= {f"i_browser{n:02d}": "anonymous_id" for n in range(60)}
    rows = [
        (f"i_{a}{n}", f"i_{b}{n}", "same_person_record", 1.0, None)
        for n in range(1, 6)
        for a, b in combinations(KINDS, 2)
    ]
    rows += [
        ("i_user_id1", "i_email2", "same_event", 1.0, None),
        ("i_crm_id3", "i_crm_id4", "alike", 0.97, "cannot/<user_id>"),
    ]
    rows += [("i_user_id5", f"i_browser{n:02d}", "same_event", 1.0, None) for n in range(60)]
    customer = {name: f"c_{name[-1]}" if "browser" not in name else "c_5" for name in names}
    customer |= {f"i_{kind}2": "c_1" for kind in KINDS}
    identities = pa.Table.from_pylist(
        [{"identifier_id": name, "customer_id": who} for name, who in customer.items()],
        schema=build_arrow_schema(CORE_IDENTITIES),
    )
    likeness = pa.Table.from_pylist(
        [
            {
                "source_a": "shop",
                "record_id_a": "3",
                "source_b": "shop",
                "record_id_b": other,
                "probability": p,
                "match_weight": 9.0,
                "is_one_person": p > 0.95,
            }
            for other, p in (("4", 0.97), ("5", 0.6))
        ],
        schema=build_arrow_schema(CORE_IDENTITY_LIKENESS),
    )
    changes = pa.Table.from_pylist(
        [
            {
                "change_id": str(n),
                "change": change,
                "customer_id": "c_1",
                "to_customer_id": "c_1",
                "because": "",
                "landing_date": date(2026, 1, 5),
                "run_id": "run",
            }
            for n, change in enumerate(["created", "created", "merged"])
        ],
        schema=build_arrow_schema(CORE_IDENTITY_CHANGES),
    )
    identifiers, links = identifiers_of(names), links_of(rows)
    records = pa.table(
        {
            "source": ["shop"] * 5,
            "record_id": list("12345"),
            "identifier_id": [f"i_crm_id{n}" for n in range(1, 6)],
        }
    )
    none = build_arrow_schema(CORE_IDENTITY_DECISIONS).empty_table()
    asked = build_review_questions(
        ReviewTables(identifiers, links, identities, likeness, records, none), LIMITS
    )
    return IdentityReport("Who is who", identifiers, links, identities, likeness, changes, asked, LIMITS)


def test_the_page(tonight, tmp_path):
    path = tmp_path / "reports" / "run" / "identity.html"
    write_page(path, tonight)
    page = path.read_text()
    assert [each.name for each in path.parent.iterdir()] == ["identity.html"]
    assert (
        "80 identifiers are 4 customers. Tonight: 2 created, 1 merged, 0 split, 0 renamed, 0 retired." in page
    )
    assert "3: 1 giant, 1 bridge, 1 likeness" in page
    assert "make decide DECISION=split A=i_email2 B=i_user_id1 REASON=" in page
    assert "make decide DECISION=join A=i_crm_id3 B=i_crm_id4 REASON=" in page
    assert CANARY not in page and "http" not in page and "<user_id>" not in page
    pngs = [b64decode(png) for png in re.findall(r'base64,([^"]+)"', page)]
    assert len(pngs) == 7  # three questions, the two largest that are no giants, sizes, weights
    for png in pngs:
        pixels = image.imread(BytesIO(png))
        assert pixels.shape[0] > 200 and len(np.unique(pixels.reshape(-1, 4), axis=0)) > 20, (
            "an empty picture"
        )


@pytest.mark.parametrize("width", [1280, 400])
def test_the_page_in_a_browser(tonight, tmp_path, look, width):
    page = tmp_path / "identity.html"
    write_page(page, tonight)
    assert look(page, width) == []
    broken = tmp_path / "broken.html"
    broken.write_text(
        page.read_text().replace("base64,", "base64,broken", 1) + '<div style="width: 2000px">wide</div>'
    )
    found = look(broken, width)
    assert "1 pictures do not show" in found and any("pixels wide" in each for each in found), (
        "negative control"
    )


def test_links_by_rule(tonight):
    assert count_links_by_rule(tonight.links) == [
        ["alike", "0", "1", "cannot/&lt;user_id&gt; 1"],
        ["same_event", "61", "0", ""],
        ["same_person_record", "30", "0", ""],
    ]


def test_a_night_without_anything(tmp_path):
    empty = {
        "identifiers": CORE_IDENTIFIERS,
        "links": CORE_IDENTITY_LINKS,
        "identities": CORE_IDENTITIES,
        "likeness": CORE_IDENTITY_LIKENESS,
        "changes": CORE_IDENTITY_CHANGES,
    }
    tables = {name: build_arrow_schema(table).empty_table() for name, table in empty.items()}
    records = pa.table({name: pa.array([], pa.string()) for name in ("source", "record_id", "identifier_id")})
    none = build_arrow_schema(CORE_IDENTITY_DECISIONS).empty_table()
    of_review = (tables[name] for name in ("identifiers", "links", "identities", "likeness"))
    asked = build_review_questions(ReviewTables(*of_review, records, none), LIMITS)
    page = render_page(IdentityReport("Nobody", **tables, questions=asked, limits=LIMITS))
    assert "0 identifiers are 0 customers" in page and "<p>None.</p>" in page


def test_what_is_drawn_of_a_giant(tonight):
    """Four identifiers of the record; of sixty browsers 59 as one, for one is in question."""
    around = read_neighbourhood(tonight.identifiers, tonight.links, tonight.identities, {"c_5"})
    shown = build_drawn_graph(around, {"c_5"}, ("i_browser07", "i_user_id5"))
    assert sorted((node.kind, node.n) for node in shown.nodes) == [
        ("anonymous_id", 1),
        ("anonymous_id", 59),
        ("crm_id", 1),
        ("email", 1),
        ("phone", 1),
        ("user_id", 1),
    ]
    assert shown.n_left_out == 0
    assert cluster_picture.draw_cluster(shown) == cluster_picture.draw_cluster(shown), (
        "same graph, same bytes"
    )
    assert [line.is_asked for line in shown.lines].count(True) == 1


@pytest.mark.parametrize("most_read", [20_000, 10])
def test_what_is_drawn_of_a_long_chain(monkeypatch, most_read):
    """Also when of the customer only what lies near the question is read."""
    monkeypatch.setattr("spark_jobs.identify.report.subgraph.MOST_READ", most_read)
    monkeypatch.setattr("spark_jobs.identify.report.subgraph.MOST_LOOKED_AT", 30)
    names = {f"i_{n:03d}": "user_id" for n in range(100)}
    links = links_of([(f"i_{n:03d}", f"i_{n + 1:03d}", "same_event", 1.0, None) for n in range(99)])
    identities = pa.table({"identifier_id": list(names), "customer_id": ["c_1"] * 100})
    asked = ("i_050", "i_051")
    around = read_neighbourhood(identifiers_of(names), links, identities, {"c_1"}, asked)
    assert len(around.kind) == (100 if most_read == 20_000 else 60)
    shown = build_drawn_graph(around, {"c_1"}, asked)
    assert [node.name for node in shown.nodes] == [
        f"{n:03d}" for n in range(39, 63)
    ] and shown.n_left_out == 76


def test_places_follow_distances():
    """A chain lies straight; two triangles on one long link lie on either side of it."""
    chain = compute_path_lengths(np.arange(5), np.arange(1, 6), np.ones(5), 6)
    assert pdist(compute_node_positions(chain)) == pytest.approx(squareform(chain), abs=0.05)
    a, b = np.array([0, 1, 0, 3, 4, 3, 2]), np.array([1, 2, 2, 4, 5, 5, 3])
    where = compute_node_positions(compute_path_lengths(a, b, np.array([1, 1, 1, 1, 1, 1, 2.4]), 6))
    left, right = sorted((where[:3, 0], where[3:, 0]), key=lambda side: side.mean())
    assert left.max() < right.min()


def test_words_cover_neither_nodes_nor_words():
    shown = DrawnGraph(
        [DrawnNode(f"{n:06d}", kind) for n, kind in enumerate((*KINDS, "anonymous_id", *KINDS))],
        [DrawnLink(a, b, "same_person_record", 1.0, None) for a, b in combinations(range(4), 2)]
        + [DrawnLink(a, b, "alike", 0.9, None) for a, b in combinations(range(5, 9), 2)]
        + [
            DrawnLink(0, 4, "same_event", 1.0, "shared/browser"),
            DrawnLink(3, 5, "alike", 0.9, "cannot/user_id", True),
        ],
        0,
    )
    xy, width, height = cluster_picture.place_nodes(shown)
    radius = cluster_picture.RADIUS
    nodes = [(x - radius, y - radius, x + radius, y + radius) for x, y in xy]
    board = LabelPlacer(list(nodes), [(xy[line.a], xy[line.b]) for line in shown.lines])
    for line in shown.lines:
        if words := cluster_picture.label_link(line):
            board.along(xy[line.a], xy[line.b], words, cluster_picture.LINK_SIZE)
    for (x, y), node in zip(xy, shown.nodes, strict=True):
        board.beside(x, y, radius, node.name, cluster_picture.NAME_SIZE)
    assert len(board.boxes) == 9 + 8 + 9
    assert all(compute_box_overlap(one, other) == 0 for one, other in combinations(board.boxes, 2))
    assert all(box[0] >= 0 and box[2] <= width and box[1] >= 0 and box[3] <= height for box in board.boxes)


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ((10, 10), True),
        ((10, 0), False),
        ((5, 5), True),
        ((3, 3), False),
        ((0, 10), False),
        ((10, 4.5), True),
    ],
)
def test_a_line_through_a_box(end, expected):
    assert crosses_box((4, 4, 6, 6), (0.0, 0.0) if end != (10, 4.5) else (0.0, 4.5), end) is expected
