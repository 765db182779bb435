"""Which addresses a notification may be sent to. A URL is somebody's word, and a name's address can change
between a check and the connection: so the address itself is checked where its socket is made.
"""

import errno
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = type(ip_network("0.0.0.0/0")) | IPv6Network

REFUSED = "the address is not public, and CONCIERGE_TRIGGER_NETWORKS does not allow it"
NAT64 = ip_network("64:ff9b::/96")  # an IPv4 address in its last 32 bits
# What `ipaddress` of Python 3.11 takes for public and is not: some for protocols, relays of 6to4, site-local
# addresses, NAT64 of one's own network, documentation, segment routing.
SPECIAL = tuple(
    map(
        ip_network,
        (
            "192.0.0.0/24",
            "192.88.99.0/24",
            "2002::/16",
            "fec0::/10",
            "64:ff9b:1::/48",
            "3fff::/20",
            "5f00::/16",
        ),
    )
)


class AddressRefused(OSError):  # noqa: N818 - reads as what it says
    """A connection to an address that is not allowed."""


def unwrap_address(text: str) -> Address:
    """The address that a packet to this one reaches: the IPv4 address in a mapped one or in one of NAT64.

    Raises:
        ValueError: it is no address.
    """
    address = ip_address(text.partition("%")[0])  # `fe80::1%eth0` names an interface too
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return address.ipv4_mapped
        if address in NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def is_public(address: Address) -> bool:
    """Whether an address is one of the Internet's, and of one machine."""
    is_special = any(address in network for network in SPECIAL if network.version == address.version)
    return address.is_global and not (address.is_multicast or address.is_reserved or is_special)


class AddressGuard:
    """Makes the sockets of connections to one endpoint."""

    def __init__(self, networks: Sequence[Network], *, allows_public: bool) -> None:
        """
        Args:
            networks: allowed besides.
            allows_public: False: `networks` alone, as for an endpoint without TLS.
        """
        self._networks, self._allows_public = networks, allows_public

    def may_connect(self, text: str) -> bool:
        """Whether an address, in digits, is allowed."""
        try:
            address = unwrap_address(text)
        except ValueError:
            return False
        if any(address in network for network in self._networks if network.version == address.version):
            return True
        return self._allows_public and is_public(address)

    def open_socket(self, target: tuple) -> socket.socket:
        """A socket for the address of an entry of `getaddrinfo`, to which alone it will be connected.

        Raises:
            AddressRefused: the address is not allowed.
        """
        family, kind, protocol, _, address = target
        if not self.may_connect(address[0]):
            raise AddressRefused(errno.EACCES, REFUSED)
        return socket.socket(family, kind, protocol)
