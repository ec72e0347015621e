"""Numeric addresses, and the IPv4 addresses that some IPv6 addresses contain."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
EMBEDS_IPV4 = (IPv6Network("::/96"), IPv6Network("64:ff9b::/96"))
"""IPv4-compatible addresses, and those of NAT64: the last 32 bits are an IPv4 address."""


def meanings(text: str) -> list[Address]:
    """The addresses that a connection to a numeric address can lead to, in any spelling that resolvers return.

    A tunnel (6to4, Teredo) can lead to the address itself, and to those that it contains. Raises ValueError.
    """
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if any(address in network for network in EMBEDS_IPV4):
        return [IPv4Address(int(address) & 0xFFFF_FFFF)]
    inner = [address.sixtofour, *(address.teredo or ())]
    return [address, *(each for each in inner if each is not None)]
