"""Settings of what leaves the service when a customer enters or leaves a segment."""

import base64
from ipaddress import IPv4Network, IPv6Network, ip_network

from expectations.contracts.event_settings import check_topic
from expectations.contracts.setting_values import (
    Flaw,
    Setting,
    check_one_of,
    check_optional,
    check_whole_number,
    parse_named_secrets,
)

SIGNING_PREFIX = "whsec_"  # as libraries of Standard Webhooks have secrets


def decode_signing_secret(secret: str) -> bytes:
    """The key that a secret stands for.

    Raises:
        ValueError: it is none.
    """
    if not secret.startswith(SIGNING_PREFIX):
        raise ValueError("no secret of Standard Webhooks")
    key = base64.b64decode(secret.removeprefix(SIGNING_PREFIX), validate=True)
    if not 24 <= len(key) <= 64:
        raise ValueError("a key of Standard Webhooks has 24 to 64 bytes")
    return key


def check_signing_secrets(value: str) -> Flaw:
    """Secrets that sign, behind their names."""
    wanted = "name:whsec_…, separated by commas, each secret 24 to 64 bytes in base64"
    named = parse_named_secrets(value)
    try:
        for secret in (each for secrets in named.values() for each in secrets):
            decode_signing_secret(secret)
    except ValueError:
        return wanted
    return None if all(named) else wanted


def parse_networks(value: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """The networks of `10.1.0.0/16,127.0.0.1`; an address is a network of one.

    Raises:
        ValueError: one of them is none.
    """
    return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())


def check_networks(value: str) -> Flaw:
    """Networks, separated by commas."""
    try:
        parse_networks(value)
    except ValueError:
        return "networks or addresses separated by commas, for instance 10.1.0.0/16"
    return None


TRIGGER_SETTINGS = (
    Setting(
        "CONCIERGE_TRIGGER_SECRETS",
        "",
        "secrets that sign what endpoints of triggers.yml are sent, as endpoint:whsec_…, separated by"
        " commas; an endpoint may have several",
        True,
        find_flaw=check_optional(check_signing_secrets),
    ),
    Setting(
        "CONCIERGE_TRIGGER_NETWORKS",
        "",
        "networks that are not public and may be notified all the same, separated by commas:"
        " 10.1.0.0/16; without TLS only these",
        find_flaw=check_optional(check_networks),
    ),
    Setting(
        "CONCIERGE_TRIGGERS",
        "service",
        "who notifies endpoints: service, one of its workers; or apart, `python -m serving_app.triggers`",
        find_flaw=check_one_of("service", "apart"),
    ),
    Setting(
        "CONCIERGE_TRANSITIONS",
        "log",
        "where entries into segments and exits are read for endpoints and /v1/stream: log, the service's own"
        " files; or kafka, the topic that the stream writes",
        find_flaw=check_one_of("log", "kafka"),
    ),
    Setting(
        "CONCIERGE_TRANSITIONS_TOPIC",
        "concierge.transitions",
        "topic of entries into segments and exits",
        find_flaw=check_topic,
    ),
    Setting(
        "CONCIERGE_OPEN_STREAM_SECONDS",
        "900",
        "after which a stream of transitions ends and its client goes on with another one; 0: once it has"
        " sent what there is",
        find_flaw=check_whole_number(0, 86_400),
    ),
)
