"""Identity decisions on a lake: a split is as if the merge had never been, joins and refusals count."""

from expectations.contracts.lake import (
    CORE_IDENTITIES,
    CORE_IDENTITY_CHANGES,
    CORE_IDENTITY_LINKS,
    CORE_IDENTITY_REVIEWS,
)
from spark_jobs.identify import job
from spark_jobs.lake.tables import Lake
from tests.spark_jobs.identify.conftest import a_night, event, iid, order, person, write
from tests.spark_jobs.identify.test_job import decide, held, whose


def test_a_split_is_replayed_as_if_the_merge_had_never_been(lake, tmp_path):
    """A till wrote one person's e-mail on another's card. Decided before the second night; in the other home
    from the first.
    """
    mixed_up = [
        event(1, 1, user="anna", anonymous="laptop"),
        order(1, 2, user="anna", email="anna@example.test"),
        person(1, 3, crm="100", email="anna@example.test", phone="+49 30 2"),
        event(2, 4, user="berta", anonymous="tablet"),
        person(2, 5, crm="200", user="berta"),
    ]
    write(lake, mixed_up)
    job.run(a_night(tmp_path, 1), lake)
    together = whose(lake)
    assert together[iid("user_id:anna")] == together[iid("crm_id:100")]

    decide(tmp_path, "split", "user_id:anna", "crm_id:100")
    job.run(a_night(tmp_path, 2), lake)
    apart = whose(lake)
    assert apart[iid("user_id:anna")] == together[iid("user_id:anna")], "she was first, and keeps her id"
    assert apart[iid("user_id:anna")] == apart[iid("email:anna@example.test")], (
        "what was seen first is followed"
    )
    assert apart[iid("crm_id:100")] == apart[iid("phone:+49 30 2")] != apart[iid("user_id:anna")]
    assert "decision/split" in held(lake).values()
    parted = [row for row in lake.read_arrow(CORE_IDENTITY_CHANGES).to_pylist() if row["change"] == "split"]
    assert [row["because"] for row in parted] == [
        "no longer followed: same_person_record core_people/sample_shop/r1"
    ]

    never = Lake(tmp_path / "never" / "lake", lake.spark)
    write(never, mixed_up)
    decide(tmp_path / "never", "split", "user_id:anna", "crm_id:100")
    job.run(a_night(tmp_path / "never", 2), never)
    for table in (CORE_IDENTITIES, CORE_IDENTITY_LINKS, CORE_IDENTITY_REVIEWS):
        assert sorted(map(str, never.read_arrow(table).to_pylist())) == sorted(
            map(str, lake.read_arrow(table).to_pylist())
        )

    decide(tmp_path, "withdraw", "crm_id:100", "user_id:anna")
    job.run(a_night(tmp_path, 3), lake)
    assert whose(lake) == together, "withdrawn: as if nothing had been said"


def test_what_somebody_said_joins_and_refuses(lake, tmp_path):
    write(lake, [event(1, 1, user="a", anonymous="one"), event(2, 2, user="b", anonymous="two")])
    decide(tmp_path, "join", "user_id:a", "user_id:b")
    decide(tmp_path, "refuse", "user_id:b", "anonymous_id:two")
    decide(tmp_path, "join", "user_id:a", "user_id:never-seen")
    job.run(a_night(tmp_path, 1), lake)
    now = whose(lake)
    assert now[iid("user_id:a")] == now[iid("user_id:b")], (
        "two accounts, and somebody knows that they are one person's"
    )
    assert now[iid("anonymous_id:two")] not in (now[iid("user_id:a")],)
    assert sorted(filter(None, held(lake).values())) == ["decision/refuse"]
    (link,) = [row for row in lake.read_arrow(CORE_IDENTITY_LINKS).to_pylist() if row["rule"] == "decision"]
    assert link["evidence"].startswith("core_identity_decisions/d_") and link["is_followed"]
