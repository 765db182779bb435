"""What the summary says of questions about merges, and how the newcomer's page puts it."""

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from expectations.contracts.lake import CORE_IDENTITY_REVIEWS
from operate.page import describe_reviews as in_words
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.lake.tables import Lake
from spark_jobs.publish.summary import count_review_questions

GIANTS_AND_BRIDGES = [("giant", True), ("giant", True), ("bridge", False)]


@pytest.mark.parametrize(
    ("asked", "has_page", "expected"),
    [
        pytest.param(None, False, "Questions about merges: 0.", id="a lake from before there were any"),
        pytest.param([], True, "Questions about merges: 0. Drawn in {page}", id="nothing to ask"),
        pytest.param(
            GIANTS_AND_BRIDGES,
            True,
            "Questions about merges: 3 (1 bridge, 2 giant); 2 held back until answered. Drawn in {page}",
            id="some",
        ),
    ],
)
def test_questions(tmp_path, asked, has_page, expected):
    lake, page = Lake(tmp_path / "lake"), tmp_path / "identity.html"
    if asked is not None:
        rows = [
            {"review_id": str(n), "kind": kind, "score": 1.0, "is_held_back": held}
            for n, (kind, held) in enumerate(asked)
        ]
        write_deltalake(
            lake.path(CORE_IDENTITY_REVIEWS),
            pa.Table.from_pylist(rows, schema=build_arrow_schema(CORE_IDENTITY_REVIEWS)),
        )
    if has_page:
        page.touch()
    assert in_words(count_review_questions(lake, page)) == expected.format(page=page)
