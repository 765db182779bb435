"""The page after `make run` says what the rows and columns of its leaderboard mean, once each, and nothing without one."""

from rich.console import Console

from operate import page

ROW = {"quality": {"mean": 0.3, "low": 0.2, "high": 0.4}, **{task: {"ndcg": {"mean": 0.3, "low": 0.2, "high": 0.4}} for task in
       ("discover", "next")}}  # fmt: skip


def test_every_column_and_every_row_that_is_no_recommender_is_explained(capsys):
    summary = {"model": {"n_test_customers": 1278, "leaderboard": {"item_knn": ROW, "found": ROW, "served": ROW}}}
    Console(width=110).print(page.model(summary))
    said = capsys.readouterr().out
    assert "(1,278 customers)" in said and "served" in said
    lines = page.told(summary).splitlines()
    assert [line.split(":")[0].strip() for line in lines[:-1]] == ["served", "found", "quality", "discover", "next"]
    assert "recommender alone" in lines[-1]
    assert page.told({"model": {}}) == ""


def test_the_first_items_reason_is_told_as_the_service_says_it():
    item = {"item_id": "i-1", "title": "Wild Jar", "reason": "chosen for this customer (by ease); wanted i-7 on 2026-02-11"}
    assert page.why({"who": "known, 9 orders", "before": {"items": [item]}}) == (
        "Why Wild Jar is first for the visitor known, 9 orders: chosen for this customer (by ease); wanted i-7 on 2026-02-11."
    )
