"""`dags/README.md` says what the DAGs do."""

import re
from pathlib import Path

BOARD = Path(__file__).resolve().parents[2] / "dags" / "README.md"


def test_the_board_and_the_dags_agree(dag_bag):
    rows = re.findall(r"^\| `(\w+)` \| `([^`]+)` \| (tier-\d) \|", BOARD.read_text(), re.MULTILINE)
    board = {name: (schedule, tier) for name, schedule, tier in rows}
    dags = {
        name: (
            getattr(dag.schedule, "expression", dag.schedule),
            next(str(tag) for tag in dag.tags if str(tag).startswith("tier-")),
        )
        for name, dag in dag_bag.dags.items()
    }
    assert board == dags
