"""A notification reaches public addresses alone, whatever a name, a form or a redirect makes of them."""

import socket
from ipaddress import ip_network

import pytest

from serving_app.triggers.addresses import AddressGuard, AddressRefused

PUBLIC = ("93.184.216.34", "8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8")
NOT_PUBLIC = {
    "this machine": "127.0.0.1",
    "another of its names": "127.8.9.10",
    "any address": "0.0.0.0",
    "this network": "0.1.2.3",
    "private, 10": "10.0.0.1",
    "private, 172": "172.16.5.4",
    "private, 192": "192.168.1.1",
    "a cloud's metadata": "169.254.169.254",
    "a provider's network": "100.64.0.1",
    "for protocols": "192.0.0.8",
    "documentation": "203.0.113.7",
    "a relay of 6to4": "192.88.99.1",
    "benchmarks": "198.18.0.1",
    "multicast": "224.0.0.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "this machine, IPv6": "::1",
    "any address, IPv6": "::",
    "mapped loopback": "::ffff:127.0.0.1",
    "mapped private": "::ffff:10.0.0.1",
    "mapped in hexadecimal": "::ffff:a9fe:a9fe",
    "compatible loopback": "::127.0.0.1",
    "NAT64 of a private one": "64:ff9b::10.0.0.1",
    "NAT64 of metadata": "64:ff9b::169.254.169.254",
    "local NAT64": "64:ff9b:1::8.8.8.8",
    "6to4 of a private one": "2002:a00:1::",
    "Teredo": "2001:0:a00:1::1",
    "link-local": "fe80::1",
    "link-local of an interface": "fe80::1%eth0",
    "site-local": "fec0::1",
    "unique local": "fd12:3456::1",
    "multicast, IPv6": "ff02::1",
    "documentation, IPv6": "2001:db8::1",
    "newer documentation": "3fff::1",
    "discarded": "100::1",
    "no address at all": "localhost",
}


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_allowed_over_tls_alone(address):
    assert AddressGuard((), allows_public=True).may_connect(address)
    assert not AddressGuard((), allows_public=False).may_connect(address)


@pytest.mark.parametrize("address", NOT_PUBLIC.values(), ids=NOT_PUBLIC)
def test_others_are_refused_before_there_is_a_socket(address, monkeypatch):
    monkeypatch.setattr(socket, "socket", lambda *_: pytest.fail("a socket was made"))
    guard = AddressGuard((), allows_public=True)
    with pytest.raises(AddressRefused):
        guard.open_socket((socket.AF_INET6, socket.SOCK_STREAM, 0, "", (address, 443, 0, 0)))


@pytest.mark.parametrize("allows_public", [True, False])
def test_a_network_that_is_allowed_opens_itself_alone(allows_public):
    guard = AddressGuard((ip_network("10.1.0.0/16"),), allows_public=allows_public)
    assert guard.may_connect("10.1.2.3") and guard.may_connect("::ffff:10.1.2.3")
    assert not guard.may_connect("10.2.0.1") and not guard.may_connect("127.0.0.1")
