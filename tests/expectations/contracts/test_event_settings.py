"""Where events go: what is allowed, and a file of properties whose secrets no message repeats."""

import pytest

from expectations.contracts.event_settings import read_client_properties
from expectations.contracts.settings import SettingsError, resolve_settings
from serving_app.settings import Settings


@pytest.mark.parametrize(
    ("name", "fine", "wrong"),
    [
        ("CONCIERGE_EVENTS", ["log", "kafka"], ["Kafka", "files", "kinesis", "pubsub"]),
        ("CONCIERGE_EVENTS_TOPIC", ["a", "shop.events_2"], ["a b", "x" * 250, "ä"]),
        (
            "CONCIERGE_KAFKA_SERVERS",
            ["k:9092", "k-1.example:1,10.0.0.1:65535"],
            ["k", "k:", "k:1, l:2"],
        ),
        ("CONCIERGE_SPOOL_BYTES", ["1000000"], ["0", "1g", "999999"]),
    ],
)
def test_what_is_allowed(name, fine, wrong):
    for value in fine:
        assert resolve_settings({name: value})[name] == value
    for value in wrong:
        with pytest.raises(SettingsError, match=name):
            resolve_settings({name: value})


def test_properties_of_clients_as_a_file_has_them(tmp_path):
    file = tmp_path / "client.properties"
    file.write_text("# TLS\n\nsecurity.protocol = SASL_SSL\nsasl.password=a=b#c\n")
    settings = Settings.from_environment({"CONCIERGE_KAFKA_CONFIG": str(file)})
    assert settings.kafka_config == {"security.protocol": "SASL_SSL", "sasl.password": "a=b#c"}
    assert "a=b" not in repr(settings)
    assert Settings.from_environment({}).kafka_config == {}


def test_a_file_that_is_none_is_told_without_its_line(tmp_path):
    file = tmp_path / "client.properties"
    file.write_text("security.protocol=SSL\nhunter2\n")
    with pytest.raises(SettingsError, match=r"line 2 of .* is not name=value") as caught:
        Settings.from_environment({"CONCIERGE_KAFKA_CONFIG": str(file)})
    assert "hunter2" not in str(caught.value)
    with pytest.raises(ValueError, match="cannot be read: No such file"):
        read_client_properties(tmp_path / "none")
