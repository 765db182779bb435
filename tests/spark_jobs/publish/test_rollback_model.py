"""Going back brings the model too: the version that the nights to come score with and refit."""

import contextlib
import json

from filelock import FileLock, Timeout

from expectations.contracts.lake import OPS_RUNS
from expectations.contracts.published import Published
from spark_jobs.publish import deployments, rollback
from spark_jobs.publish.deployments import LOCK


def test_lists_and_model_go_back_together_and_it_is_logged(shop_of_two_models):
    shop, registry = shop_of_two_models
    assert registry.champion().model_version == "concierge/2"
    assert rollback.main(["--to=night-0", "--reason=lists of soap"]) == 0
    assert (Published.read(shop.home).model_version, registry.champion().model_version) == (
        "concierge/1",
        "concierge/1",
    )
    [logged] = [
        row for row in shop.land("feat_items").read_arrow(OPS_RUNS).to_pylist() if row["step"] == "rollback"
    ]
    told = json.loads(logged["detail"])
    assert (told["model_before"], told["model_version"], told["reason"]) == (
        "concierge/2",
        "concierge/1",
        "lists of soap",
    )
    last = deployments.read_deployments(shop.home)[-1]
    assert (last.record["model_version"], last.model) == ("concierge/1", {"model_version": "concierge/1"})
    assert rollback.main(["--to=night-2", "--reason="]) == 0
    assert registry.champion().model_version == "concierge/2", "and forth again"


def test_lists_that_are_in_production_with_another_model_get_theirs_back(shop_of_two_models, capsys):
    """As after a search of the same morning, or a rollback whose model could not be brought: that is a
    change, and logged.
    """
    shop, registry = shop_of_two_models
    lines = deployments.read_deployments(shop.home)
    assert rollback.main(["--to=night-2"]) == 0
    assert (
        "Already in production: night-2" in (said := capsys.readouterr().out)
        and "nothing was changed" in said
    )
    registry.set_champion(1)
    assert rollback.main(["--to=night-2"]) == 0
    said = capsys.readouterr().out
    assert (
        "Its model is brought back for the nights to come; before: concierge/1." in said
        and "nothing" not in said
    )
    assert (
        registry.champion().model_version == "concierge/2"
        and deployments.read_deployments(shop.home) == lines
    )
    [logged] = [
        row for row in shop.land("feat_items").read_arrow(OPS_RUNS).to_pylist() if row["step"] == "rollback"
    ]
    told = json.loads(logged["detail"])
    assert (told["from"], told["to"], told["model_before"]) == ("night-2", "night-2", "concierge/1")


def test_a_model_whose_files_were_touched_is_not_brought_back(shop_of_two_models, capsys):
    """Readers are served all the same, and whoever typed it learns that the next night scores with another
    model.
    """
    shop, registry = shop_of_two_models
    [factors] = [
        path for path in (shop.home / "mlflow").rglob("factors.npz") if registry_run(registry, 1) in str(path)
    ]
    factors.write_bytes(factors.read_bytes()[:-1])
    assert rollback.main(["--to=night-0"]) == 1
    assert "concierge/1 is not brought back, the next night scores with another" in capsys.readouterr().err
    assert (Published.read(shop.home).run_id, registry.champion().model_version) == ("night-0", "concierge/2")


def test_nobody_else_deploys_until_the_model_has_followed(shop_of_two_models, monkeypatch):
    """Between one person's lists and their model another's would leave lists of the one and a model of the
    other.
    """
    shop, registry = shop_of_two_models
    bring, free = rollback.restore_champion, []

    def looked(*given):
        with FileLock(shop.home / LOCK, timeout=0, blocking=False) as _:
            free.append(Published.read(shop.home).run_id)

    def brought(*given):
        with contextlib.suppress(Timeout):
            looked()
        return bring(*given)

    monkeypatch.setattr(rollback, "restore_champion", brought)
    assert rollback.main(["--to=night-0"]) == 0
    assert (free, registry.champion().model_version) == ([], "concierge/1")
    looked()
    assert free == ["night-0"], "the negative control: it is free after that"


def registry_run(registry, number):
    return registry.client.get_model_version("concierge", str(number)).run_id
