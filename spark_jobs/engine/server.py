"""The program that is an engine: a Spark application with a Connect server on a free port of this machine.

    python -m spark_jobs.engine.server --record FILE --client FILE --master 'local[*]' --memory 3g

It ends when it is told to, when its record names another engine, when its owner, its JVM or the step that
used it is gone, and when no step has used it for half an hour. Should it be killed, its JVM sees the end of
its input and ends too.
"""

import argparse
import os
import secrets
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import psutil

from spark_jobs.engine.record import (
    EngineRecord,
    is_client_gone,
    is_running,
    locate_scratch_folder,
    read_record,
    write_record,
)
from spark_jobs.lake.session import SHORT_LIVED_JVM, WORKER_ENVIRONMENT, start_spark_session

LOOK_EVERY_SECONDS = 0.5
# Between two Spark steps lie others: dbt on a year of Snowflake takes minutes. A step that comes later finds
# no engine and starts one.
IDLE_SECONDS = 1800.0
JVM_GONE, CLIENT_GONE = "its JVM is gone", "the step that used it was killed"
TOKEN_VARIABLE = "SPARK_CONNECT_AUTHENTICATE_TOKEN"
CONNECT_SETTINGS = {
    "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",
    "spark.connect.grpc.binding.address": "127.0.0.1",
    "spark.connect.grpc.binding.port": "0",
    # What is collected comes in messages of so much; the client takes 128 MB.
    "spark.connect.grpc.arrow.maxBatchSize": str(16 << 20),
    "spark.connect.grpc.maxInboundMessageSize": str(512 << 20),
}


def serve(record_path: Path, master: str, memory: str) -> EngineRecord:
    """Start the application in this process and complete the record: from here on it answers."""
    token = secrets.token_urlsafe(32)
    os.environ[TOKEN_VARIABLE] = token
    # A Connect server's tasks on this machine have its environment, and nothing of `spark.executorEnv`.
    os.environ.update(WORKER_ENVIRONMENT)
    scratch = locate_scratch_folder(record_path)
    scratch.mkdir(parents=True, exist_ok=True)
    places = {
        "spark.local.dir": str(scratch),
        "spark.driver.extraJavaOptions": f'{SHORT_LIVED_JVM} "-Djava.io.tmpdir={scratch}"',
    }
    spark = start_spark_session("concierge", master, memory, **CONNECT_SETTINGS, **places)
    jvm = spark._jvm
    service = getattr(jvm.org.apache.spark.sql.connect.service, "SparkConnectService$")
    port = getattr(service, "MODULE$").localPort()
    record = read_record(record_path)
    if record is None or record.pid != os.getpid():
        sys.exit("superseded by another engine")
    jvm_pid = int(jvm.java.lang.ProcessHandle.current().pid())
    answering = replace(
        record,
        address=f"sc://localhost:{port}",
        token=token,
        jvm_pid=jvm_pid,
        jvm_created_at=psutil.Process(jvm_pid).create_time(),
    )
    write_record(record_path, answering)
    return answering


def wait_for_end(record_path: Path, record: EngineRecord, client_path: Path, stop: threading.Event) -> str:
    """Wait until there is no more reason to live; that reason."""
    last_used = time.monotonic()
    while not stop.wait(LOOK_EVERY_SECONDS):
        if record.owner is not None and not is_running(record.owner):
            return "its owner is gone"
        if not record.has_jvm:
            return JVM_GONE
        if is_client_gone(client_path):
            return CLIENT_GONE  # whose job would go on and write
        now_recorded = read_record(record_path)
        if now_recorded is None or now_recorded.pid != record.pid:
            return "its record names another"
        if client_path.exists():
            last_used = time.monotonic()
        if time.monotonic() - last_used > IDLE_SECONDS:
            return "nobody used it"
    return "told to"


def main(argv: list[str]) -> int:
    """Serve until there is no more reason to."""
    parser = argparse.ArgumentParser(prog="engine", description=__doc__.splitlines()[0])
    parser.add_argument("--record", type=Path, required=True)
    parser.add_argument("--client", type=Path, required=True, help="there while a step uses it")
    parser.add_argument("--master", required=True)
    parser.add_argument("--memory", required=True)
    args = parser.parse_args(argv)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    record = serve(args.record, args.master, args.memory)
    reason = wait_for_end(args.record, record, args.client, stop)
    sys.stderr.write(f"the engine ends: {reason}\n")
    now_recorded = read_record(args.record)
    # The record of one that died stays: by it the next step knows that a night goes on.
    if reason not in (JVM_GONE, CLIENT_GONE) and now_recorded and now_recorded.pid == record.pid:
        args.record.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
