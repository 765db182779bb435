"""Prometheus' own `promtool` evaluates the alerting rules: each fires when it has to, and none in good
health.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.serving_app.metrics.test_dashboard import get_names

ROOT = Path(__file__).resolve().parents[2]
RULES, CASES = ROOT / "operate/alerts.yml", ROOT / "tests/operate/alerts.test.yml"
ALERTS = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]


@pytest.fixture
def promtool():
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed, which comes with Debian's package prometheus")

    def run(*args):
        return subprocess.run(["promtool", *args], capture_output=True, text=True, timeout=60)

    return run


def test_the_rules_are_understood(promtool):
    done = promtool("check", "rules", "--lint-fatal", str(RULES))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(ALERTS)} rules found" in done.stdout


def test_each_fires_in_its_case_and_none_in_good_health(promtool):
    done = promtool("test", "rules", str(CASES))
    assert done.returncode == 0, done.stdout + done.stderr
    text = CASES.read_text()
    assert [each["alert"] for each in ALERTS if not re.search(name_of(each["alert"]), text)] == []


def name_of(alert):
    return rf"{alert}\b|\b{alert.removeprefix('Concierge')}\b"


def test_a_rule_that_is_another_is_noticed(promtool, tmp_path):
    """The negative control: with a threshold that is never reached the same cases fail."""
    changed = tmp_path / "operate" / "alerts.yml"
    changed.parent.mkdir()
    changed.write_text(
        RULES.read_text().replace("max(concierge_dead_letters) > 0", "max(concierge_dead_letters) > 9")
    )
    cases = tmp_path / "tests" / "operate" / CASES.name
    cases.parent.mkdir(parents=True)
    cases.write_text(CASES.read_text())
    assert promtool("test", "rules", str(cases)).returncode == 1


def test_rules_ask_for_metrics_that_there_are():
    asked = set(re.findall(r"\bconcierge_\w+", " ".join(each["expr"] for each in ALERTS)))
    assert len(asked) >= 10 and asked - set().union(*get_names().values()) == set()


def test_each_says_what_is_wrong_and_who_does_what():
    for each in ALERTS:
        assert each["labels"]["severity"] in ("page", "ticket"), each["alert"]
        assert each["annotations"]["summary"] and each["annotations"]["action"], each["alert"]
