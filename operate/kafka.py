"""`make kafka`: one Kafka broker on this machine, its topics as `operate/topics.yml` declares them; and
`from operate.kafka import running_kafka` for tests, benchmarks and programs that need one for a while.

The broker is Kafka's own, with KRaft instead of a ZooKeeper. It is for a laptop, tests and one machine: a
cluster is reached by the same settings and needs none of this.
"""

import contextlib
import signal
import socket
import subprocess
import time
import uuid
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

from operate.ports import HOST, refuse_taken_port
from operate.processes import end_by_interrupt, end_process_tree, kill_when_we_end
from operate.settings import load_settings_or_exit
from operate.spark_cluster import find_free_ports
from operate.topics import Topic, load_topics, make_topics
from spark_jobs.lake.jar_sets import BROKER_JARS, fetch_jars, is_fetched

SERVERS_SETTING = "CONCIERGE_KAFKA_SERVERS"
LOCAL = (HOST, "localhost")
PATIENCE_SECONDS = 60.0
LOOK_EVERY_SECONDS = 0.05
SMALL_JVM = ("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
QUIET = ("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",)
PROPERTIES = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    # a name that is misspelt is to fail, not to become a topic
    "auto.create.topics.enable": "false",
    # of one broker there is one copy of everything
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    # a broker that was killed is not let in again before its last session has ended: 9 s, were it Kafka's own
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "500",
    "num.network.threads": "2",
    "num.io.threads": "2",
}


class KafkaBroker:
    """A broker on this machine. It can be ended, killed and started again, with the same port and data.

    Attributes:
        servers: for `bootstrap.servers`.
        process: None while it does not run.
    """

    def __init__(self, folder: Path, port: int | None = None) -> None:
        """
        Args:
            folder: for its data, its properties and its log.
            port: None for a free one.
        """
        self.folder = folder.resolve()
        self._port, self._controller_port = find_free_ports(2)
        self._port = port or self._port
        self.servers = f"{HOST}:{self._port}"
        self.process: subprocess.Popen | None = None
        self._guard: subprocess.Popen | None = None

    def start(self) -> None:
        """Start it; it answers when this returns.

        Raises:
            TimeoutError: it does not; says what its log ends with.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        properties, log_file = self.folder / "server.properties", self.folder / "broker.log"
        listeners = f"PLAINTEXT://{self.servers},CONTROLLER://{HOST}:{self._controller_port}"
        own = {
            "listeners": listeners,
            "advertised.listeners": f"PLAINTEXT://{self.servers}",
            "controller.quorum.voters": f"1@{HOST}:{self._controller_port}",
            "log.dirs": str(self.folder / "data"),
        }
        properties.write_text("".join(f"{name}={value}\n" for name, value in {**PROPERTIES, **own}.items()))
        with log_file.open("w") as log:
            if not (self.folder / "data" / "meta.properties").exists():
                # letters and digits: one in 64 would begin with a dash, and be taken for an option
                cluster_id = b64encode(uuid.uuid4().bytes, altchars=b"AB").decode().rstrip("=")
                words = ("format", "-t", cluster_id, "-c", properties)
                subprocess.run(make_command("kafka.tools.StorageTool", *words), stdout=log, stderr=log)
            # In a session of its own: a Ctrl-C at the prompt is ours to hand on.
            self.process = subprocess.Popen(
                make_command("kafka.Kafka", properties), stdout=log, stderr=log, start_new_session=True
            )
        self._end_guard()
        self._guard = kill_when_we_end(self.process)
        until = time.monotonic() + PATIENCE_SECONDS
        while not self._is_listening():
            if time.monotonic() > until or self.process.poll() is not None:
                self.end()
                raise TimeoutError(f"Kafka did not come up; {log_file} ends:\n{log_file.read_text()[-2000:]}")
            time.sleep(LOOK_EVERY_SECONDS)

    def end(self) -> None:
        """End it as one ends a broker; its data are whole."""
        if self.process is not None:
            self._end_guard()
            self.resume()  # one that is stopped would hear nothing
            end_process_tree(self.process)
            self.process = None

    def kill(self) -> None:
        """End it as a loss of power does, but for what the operating system has yet to write."""
        self._end_guard()
        self.process.kill()
        self.process.wait()
        self.process = None

    def pause(self) -> None:
        """Have it answer nothing, with its connections open, as a broker that hangs."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Have it go on."""
        self.process.send_signal(signal.SIGCONT)

    def _end_guard(self) -> None:
        if self._guard:
            with self._guard:
                self._guard.kill()

    def _is_listening(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection((HOST, self._port), timeout=1):
            return True
        return False


def make_command(program: str, *words: str | Path) -> list[str]:
    """How one of Kafka's programs is started, with the jars fetched where they are not there."""
    fetch_jars(BROKER_JARS)
    classpath = f"{BROKER_JARS.folder}/*"
    return ["java", *SMALL_JVM, *QUIET, "-cp", classpath, program, *(str(word) for word in words)]


@contextlib.contextmanager
def running_kafka(
    folder: Path, port: int | None = None, topics: list[Topic] | None = None
) -> Iterator[KafkaBroker]:
    """A broker with its topics, up in 3 s; its process is gone behind it, its data stay in `folder`.

    Its `servers` is what clients connect to. The jars are fetched when they are first needed, in 40 s.

    Args:
        topics: None: the declared ones, by the names of a home without settings.

    Raises:
        TimeoutError: it did not come up; says what its log ends with.
    """
    broker = KafkaBroker(folder, port)
    try:
        broker.start()
        make_topics(broker.servers, load_topics() if topics is None else topics)
        yield broker
    finally:
        broker.end()


def main() -> None:
    """Run a broker for this home until told to stop."""
    settings = load_settings_or_exit()
    end_by_interrupt()
    host, _, port = settings.kafka_servers.partition(":")
    if host not in LOCAL or not port.isdigit():
        raise SystemExit(
            f"{SERVERS_SETTING} names brokers elsewhere; `make kafka` starts one on {HOST}:<port>"
        )
    refuse_taken_port(int(port), SERVERS_SETTING)
    with contextlib.suppress(KeyboardInterrupt):
        if not is_fetched(BROKER_JARS):
            print("Fetching Kafka's jars from Maven Central, once (44 MB, about a minute)", flush=True)
            fetch_jars(BROKER_JARS)
        print(f"Starting Kafka, with its data in {settings.paths.kafka}", flush=True)
        topics = load_topics(settings.events_topic, settings.transitions_topic, settings.memberships_topic)
        with running_kafka(settings.paths.kafka, int(port), topics) as broker:
            print(f"Kafka answers at {broker.servers}. Ctrl-C ends it.", flush=True)
            broker.process.wait()
    print("Kafka has ended.")


if __name__ == "__main__":
    main()
