"""An engine and its steps as processes: shared, replaced when a step or it is killed, never left behind."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from spark_jobs.engine.client import make_starter
from spark_jobs.engine.processes import EngineError, identify_engine
from spark_jobs.engine.record import is_running, read_record
from spark_jobs.settings import Settings

pytestmark = pytest.mark.slow  # starts engines, each a JVM
ROOT = Path(__file__).resolve().parents[3]
STEPS = Path(__file__).with_name("steps.py")
PATIENCE_SECONDS = 120


class Home:
    """A home whose steps run as processes of `steps.py`."""

    def __init__(self, home: Path) -> None:
        self.settings = Settings.from_environment({"CONCIERGE_HOME": str(home)})
        self.paths, self.seen = self.settings.paths, home / "seen.json"
        self.starter = make_starter(self.settings.paths)

    def start(self):
        return self.starter.start("local[1]", "512m", identify_engine("local[1]", "512m", "c0de"))

    def begin(self, end: str, remote: str = "") -> subprocess.Popen:
        self.seen.unlink(missing_ok=True)
        return subprocess.Popen(
            [sys.executable, STEPS, self.paths.root, end, remote],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, end: str = "well", remote: str = "") -> tuple[int, int]:
        """The step's exit code, and the process of the home's engine that it used."""
        code = self.begin(end, remote).wait(timeout=PATIENCE_SECONDS)
        return code, json.loads(self.seen.read_text())["pid"]

    def kill_a_step(self) -> int:
        """The process of the engine in which a killed step's job goes on."""
        step = self.begin("hang")
        wait_until(self.seen.exists)
        step.kill()
        step.wait()
        return json.loads(self.seen.read_text())["pid"]


def wait_until(is_so) -> None:
    """Wait for another process; that it comes to this is no matter of time."""
    for _ in range(PATIENCE_SECONDS * 10):
        if is_so():
            return
        signal.sigtimedwait([], 0.1)
    raise TimeoutError("it did not come to this")


@pytest.fixture
def home(tmp_path):
    one = Home(tmp_path)
    yield one
    one.starter.end()


# Over 10 s: three JVMs, and six steps that are processes; what is asked is who outlives whom.
def test_a_night_s_engine_serves_its_steps_and_is_replaced_when_something_was_killed(home):
    engine = home.start()
    assert home.run() == (0, engine.pid)
    assert home.run("fail") == (1, engine.pid), "a step that fails leaves the engine as it was"
    assert home.run() == (0, engine.pid)
    assert home.kill_a_step() == engine.pid
    code, second = home.run()
    assert code == 0 and second != engine.pid, "what the killed step had begun might write beside its retry"
    assert not is_running(engine.jvm_pid)
    assert read_record(home.paths.engine_record).pid == second, "it lives as long as the first would have"
    step = home.begin("hang")
    wait_until(home.seen.exists)
    os.kill(read_record(home.paths.engine_record).jvm_pid, signal.SIGKILL)
    # By PySpark's own policy each of its calls would be tried for ten minutes.
    assert step.wait(timeout=PATIENCE_SECONDS) != 0, "a step whose engine is gone fails at once"
    code, third = home.run()
    assert code == 0 and third not in (engine.pid, second)
    jvm = read_record(home.paths.engine_record).jvm_pid
    assert list((home.paths.engine / "spark").iterdir()), "where Spark puts what it spills"
    home.starter.end()
    assert list(home.paths.engine.glob("spark")) == [], "a killed engine leaves nothing on the disk"
    assert not is_running(third) and not is_running(jvm)
    assert not home.paths.engine_record.exists()


# Over 10 s: two JVMs, of which one has to be seen to end by itself.
def test_a_step_without_an_engine_starts_one_that_ends_with_it(home):
    code, engine = home.run()
    assert code == 0
    assert not is_running(engine) and not home.paths.engine_record.exists()
    orphan = home.kill_a_step()
    wait_until(lambda: not is_running(orphan))


# Over 10 s on a busy machine: a JVM and two steps.
def test_a_connect_server_of_others_is_one_setting_away(home, tmp_path):
    elsewhere = Home(tmp_path / "elsewhere")
    assert elsewhere.run(remote=home.start().url) == (0, 0), "it needed no engine of its own"
    assert not elsewhere.paths.engine_record.exists()
    assert home.run()[0] == 0, "which is there for others still"


def test_it_wants_its_token_and_says_why_it_does_not_start(home):
    engine = home.start()
    assert engine.address.startswith("sc://localhost:")
    asked = (
        "from pyspark.sql import SparkSession\n"
        f"SparkSession.builder.remote('{engine.address}/;token=wrong').getOrCreate().range(1).count()"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode and "UNAUTHENTICATED" in done.stderr
    with pytest.raises(EngineError, match="Spark did not start"):
        home.starter.start("nowhere", "512m", "identity")
    assert not is_running(engine.pid), "the one before is ended in any case"
