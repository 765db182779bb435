"""One file of properties, in the words of librdkafka, connects Spark's Java client too."""

import pytest

from spark_jobs.stream.events_query import translate_to_java

MODULES = "org.apache.kafka.common.security"


@pytest.mark.parametrize(
    ("mechanism", "module"),
    [("SCRAM-SHA-512", f"{MODULES}.scram.ScramLoginModule"), ("PLAIN", f"{MODULES}.plain.PlainLoginModule")],
)
def test_name_and_password_become_a_login_module(mechanism, module):
    read = {"sasl.mechanism": mechanism, "sasl.username": "shop", "sasl.password": 'a"b\\c'}
    assert translate_to_java({"security.protocol": "SASL_SSL", **read}) == {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": mechanism,
        "sasl.jaas.config": f'{module} required username="shop" password="a\\"b\\\\c";',
    }


def test_trusted_certificates_are_a_store():
    assert translate_to_java({"ssl.ca.location": "/etc/ca.pem", "client.id": "x"}) == {
        "ssl.truststore.location": "/etc/ca.pem",
        "ssl.truststore.type": "PEM",
        "client.id": "x",
    }
    assert translate_to_java({}) == {}
