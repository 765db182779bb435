"""A Spark standalone cluster on this machine, from pyspark's own jars: one master, workers, and nothing left
behind.

    python -m operate.spark_cluster --workers 2      # prints CONCIERGE_SPARK_MASTER=spark://127.0.0.1:…;
    Ctrl-C ends it

It is the cluster a home is taken to when one machine is too small, at the size of a laptop: the same
protocol, executors in processes of their own that get our code and the data from the driver alone.
"""

import argparse
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from operate.processes import end_by_interrupt, end_process_tree

HOST = "127.0.0.1"
PATIENCE_SECONDS = 60.0
LOOK_EVERY_SECONDS = 0.2
MASTER, WORKER = "org.apache.spark.deploy.master.Master", "org.apache.spark.deploy.worker.Worker"
SMALL_JVM = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


def find_free_ports(n: int) -> list[int]:
    """Ports nobody listens on, each another."""
    sockets = [socket.create_server((HOST, 0)) for _ in range(n)]
    ports = [server.getsockname()[1] for server in sockets]
    for server in sockets:
        server.close()
    return ports


@contextlib.contextmanager
def run_cluster(folder: Path, workers: int = 2, cores: int = 1, memory: str = "1g") -> Iterator[str]:
    """A running cluster's master URL; all its processes are gone behind it.

    Args:
        folder: for logs and what executors write.
        cores, memory: of each worker.

    Raises:
        TimeoutError: it did not come up; says what the logs end with.
    """
    folder = folder.resolve()
    port, *pages = find_free_ports(workers + 2)
    url, started = f"spark://{HOST}:{port}", []
    try:
        started.append(
            _start(
                folder, "master", MASTER, "--host", HOST, "--port", str(port), "--webui-port", str(pages[0])
            )
        )
        for n in range(workers):
            sizes = [
                "--host",
                HOST,
                "--webui-port",
                str(pages[n + 1]),
                "--cores",
                str(cores),
                "--memory",
                memory,
            ]
            started.append(
                _start(
                    folder,
                    f"worker-{n + 1}",
                    WORKER,
                    *sizes,
                    "--work-dir",
                    str(folder / f"work-{n + 1}"),
                    url,
                )
            )
        _await(folder / "master.log", workers, started)
        yield url
    finally:
        for process in reversed(started):
            end_process_tree(process)


def _start(folder: Path, name: str, program: str, *words: str) -> subprocess.Popen:
    import pyspark

    home = Path(pyspark.__file__).parent
    folder.mkdir(parents=True, exist_ok=True)
    env = {
        **os.environ,
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": HOST,
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": SMALL_JVM,
        "SPARK_WORKER_OPTS": "-Dspark.worker.cleanup.enabled=true",
        "PYSPARK_PYTHON": sys.executable,
    }
    with (folder / f"{name}.log").open("w") as log:
        # A session of its own: a Ctrl-C at the prompt is ours to hand on, executors first.
        return subprocess.Popen(
            [home / "bin" / "spark-class", program, *words],
            cwd=folder,
            env=env,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _await(log: Path, workers: int, started: list[subprocess.Popen]) -> None:
    """Return when the master has so many workers."""
    until = time.monotonic() + PATIENCE_SECONDS
    while len(re.findall("Registering worker", log.read_text())) < workers:
        if time.monotonic() > until or any(process.poll() is not None for process in started):
            raise TimeoutError(f"the cluster did not come up; {log} ends with:\n{log.read_text()[-1000:]}")
        time.sleep(LOOK_EVERY_SECONDS)


def main() -> None:
    """Run a cluster until told to stop."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cores", type=int, default=1, help="of each worker")
    parser.add_argument("--memory", default="1g", help="of each worker")
    parser.add_argument("--folder", type=Path, default=Path(".concierge") / "logs" / "spark_cluster")
    args = parser.parse_args()
    end_by_interrupt()
    with (
        contextlib.suppress(KeyboardInterrupt),
        run_cluster(args.folder, args.workers, args.cores, args.memory) as url,
    ):
        print(f"CONCIERGE_SPARK_MASTER={url}", flush=True)
        signal.pause()


if __name__ == "__main__":
    main()
