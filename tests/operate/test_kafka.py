"""A real broker comes up with the declared topics, keeps its data, and leaves nothing behind."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import yaml
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from expectations.contracts.setting_declarations import SETTINGS
from operate import topics
from operate.spark_cluster import find_free_ports
from operate.topics import TOPICS_FILE, Topic, load_topics, make_topics
from spark_jobs.lake.jar_sets import BROKER_JARS, JarSet, fetch_jars, is_fetched

ROOT = Path(__file__).resolve().parents[2]


def read_topic(servers, topic):
    consumer = Consumer({"bootstrap.servers": servers, "group.id": "test", "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, 0, 0)])
    messages = []
    while (message := consumer.poll(20)).error() is None:
        messages.append(message.value())
    assert message.error().code() == KafkaError._PARTITION_EOF
    consumer.close()
    return messages


def test_topics_are_made_as_declared_and_again_without_a_change(kafka):
    assert make_topics(kafka.servers, load_topics()) == []
    admin = AdminClient({"bootstrap.servers": kafka.servers})
    there = admin.list_topics(timeout=10).topics
    for declared in yaml.safe_load(TOPICS_FILE.read_text()):
        name = declared["topic"]
        assert len(there[name].partitions) == declared["partitions"]
        resource = ConfigResource(ResourceType.TOPIC, name)
        config = admin.describe_configs([resource])[resource].result()
        assert int(config["retention.ms"].value) == declared["retention_days"] * 86_400_000


def test_the_settings_name_the_declared_topics():
    names = ("CONCIERGE_EVENTS_TOPIC", "CONCIERGE_TRANSITIONS_TOPIC", "CONCIERGE_MEMBERSHIPS_TOPIC")
    assert [SETTINGS[name].default for name in names] == [topic.topic for topic in load_topics()]
    assert [topic.topic for topic in load_topics("e", "t", "m")] == ["e", "t", "m"]


def test_topics_of_a_kafka_of_ones_own(kafka, capsys, monkeypatch):
    monkeypatch.setenv("CONCIERGE_KAFKA_SERVERS", kafka.servers)
    monkeypatch.setenv("CONCIERGE_EVENTS_TOPIC", "shop.events")
    monkeypatch.setenv("CONCIERGE_TRANSITIONS_TOPIC", "shop.transitions")
    monkeypatch.setenv("CONCIERGE_MEMBERSHIPS_TOPIC", "shop.memberships")
    assert topics.main() == 0
    assert capsys.readouterr().out == "there are shop.events, shop.transitions, shop.memberships\n"
    monkeypatch.setenv("CONCIERGE_KAFKA_SERVERS", "127.0.0.1:1")
    monkeypatch.setattr(topics, "PATIENCE_SECONDS", 0.2)
    with pytest.raises(SystemExit, match=r"Kafka at 127.0.0.1:1: "):
        topics.main()


def test_a_topic_of_other_partitions_is_told_and_left_alone(kafka, new_topic):
    name = new_topic(partitions=1)
    said = make_topics(kafka.servers, [Topic(name, "", "", partitions=3, retention_days=1)])
    assert said == [f"{name} has 1 partitions, not 3 as declared"]


def test_a_killed_broker_comes_back_with_its_data_where_it_was(kafka, new_topic):
    topic, servers = new_topic(partitions=1), kafka.servers
    producer = Producer({"bootstrap.servers": servers, "acks": "all"})
    producer.produce(topic, b"kept")
    assert producer.flush(10) == 0
    kafka.kill()
    kafka.start()
    assert kafka.servers == servers
    assert read_topic(servers, topic) == [b"kept"]


def test_a_broker_in_the_foreground_ends_with_ctrl_c_and_leaves_no_process(tmp_path):
    (port,) = find_free_ports(1)
    env = {"CONCIERGE_HOME": str(tmp_path), "CONCIERGE_KAFKA_SERVERS": f"localhost:{port}"}
    with subprocess.Popen(
        [sys.executable, "-m", "operate.kafka"],
        cwd=ROOT,
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        lines = iter(program.stdout.readline, "")
        assert any(
            re.fullmatch(rf"Kafka answers at 127.0.0.1:{port}. Ctrl-C ends it.\n", each) for each in lines
        )
        started = psutil.Process(program.pid).children(recursive=True)
        assert started
        program.send_signal(signal.SIGINT)
        assert [*lines] == ["Kafka has ended.\n"]
        assert program.wait(30) == 0
    assert not any(process.is_running() for process in started)
    assert (tmp_path / "kafka" / "data" / "meta.properties").exists()


def test_brokers_elsewhere_are_not_started_here(tmp_path):
    env = {**os.environ, "CONCIERGE_HOME": str(tmp_path)}
    env["CONCIERGE_KAFKA_SERVERS"] = "kafka-1.example:9092,kafka-2.example:9092"
    done = subprocess.run(
        [sys.executable, "-m", "operate.kafka"], cwd=ROOT, env=env, capture_output=True, text=True
    )
    assert done.returncode == 1 and "CONCIERGE_KAFKA_SERVERS names brokers elsewhere" in done.stderr


def test_jars_are_fetched_once_and_anew_where_others_are_wanted(kafka, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("asked Maven Central")

    monkeypatch.setattr(subprocess, "run", refuse)
    assert "kafka_2.13-4.1.2.jar" in {jar.name for jar in fetch_jars(BROKER_JARS)}
    assert not is_fetched(BROKER_JARS._replace(packages=("org.apache.kafka:kafka_2.13:9.9.9",)))
    with pytest.raises(AssertionError, match="asked Maven Central"):
        fetch_jars(JarSet(tmp_path / "none", BROKER_JARS.packages, is_transitive=False))


def test_jars_that_cannot_be_fetched_are_told_and_leave_nothing(tmp_path, monkeypatch):
    answer = subprocess.CompletedProcess((), 1, stdout="UNRESOLVED DEPENDENCIES", stderr="")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: answer)
    jar_set = JarSet(tmp_path / "none", ("a:b:1",), is_transitive=False)
    with pytest.raises(RuntimeError, match="UNRESOLVED"):
        fetch_jars(jar_set)
    assert not is_fetched(jar_set) and not jar_set.folder.exists()
