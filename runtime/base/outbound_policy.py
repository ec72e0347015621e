"""Which addresses the server may connect to for its users: webhooks, archives and repositories name any host.

The metadata service of a cloud at 169.254.169.254 gives the credentials of the machine to everyone who can send it a
request, and users of the API may be less trusted than that. So link-local addresses are closed by default.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from errno import EACCES
from ipaddress import IPv4Address, IPv4Network, ip_address

from runtime.base.ip_addresses import Address, meanings

VARIABLE = "GREENROOM_OUTBOUND_ALLOW"
NOTHING = "none"
METADATA_ADDRESSES = frozenset(map(ip_address, ("100.100.100.200", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254")))
"""Metadata services outside the link-local networks: of Alibaba, Oracle, AWS and Google."""
THIS_HOST = IPv4Network("0.0.0.0/8")
"""Linux connects to itself for 0.0.0.0; the network is reserved for this meaning (RFC 1122)."""


class AddressKind(StrEnum):
    """Kinds of addresses that a server reaches, but that its users may not be meant to reach."""

    LOOPBACK = "loopback"
    LINK_LOCAL = "link-local"


class ForbiddenAddress(OSError):
    """The settings do not allow connections to this address. `strerror` names the address and the setting."""


@dataclass(frozen=True, slots=True)
class OutboundPolicy:
    """`allowed` are the kinds that may be connected to. All other addresses are always allowed."""

    allowed: frozenset[AddressKind] = frozenset({AddressKind.LOOPBACK})

    def check(self, address: str) -> None:
        """Raise ForbiddenAddress if connections to this numeric address are not allowed."""
        kind = address_kind(address)
        if kind is None or kind in self.allowed:
            return
        needed = ",".join(sorted({*self.allowed, kind}, reverse=True))
        raise ForbiddenAddress(
            EACCES,
            f"Greenroom does not connect to {kind} addresses, and {address} is one. To allow this, start the server "
            f"with {VARIABLE}={needed}",
        )


DEFAULT_POLICY = OutboundPolicy()


def parse_policy(text: str) -> OutboundPolicy:
    """Parse a list of kinds separated by commas, or `none`. Raises ValueError."""
    words = [word.strip() for word in text.split(",")]
    if words == [NOTHING]:
        return OutboundPolicy(frozenset())
    try:
        return OutboundPolicy(frozenset(map(AddressKind, words)))
    except ValueError:
        kinds = " or ".join(AddressKind)
        raise ValueError(
            f"{VARIABLE} must be {NOTHING}, or {kinds}, or both separated by a comma, not '{text}'"
        ) from None


def address_kind(address: str) -> AddressKind | None:
    """Return the kind of a numeric address, in any spelling that resolvers return. None stands for all other kinds."""
    kinds = {_plain_kind(each) for each in meanings(address)}
    # A spelling that means several addresses has the kind that is allowed less often.
    return next((kind for kind in (AddressKind.LINK_LOCAL, AddressKind.LOOPBACK) if kind in kinds), None)


def _plain_kind(address: Address) -> AddressKind | None:
    if address.is_link_local or address in METADATA_ADDRESSES:
        return AddressKind.LINK_LOCAL
    is_this_host = isinstance(address, IPv4Address) and address in THIS_HOST
    return AddressKind.LOOPBACK if is_this_host or address.is_loopback or address.is_unspecified else None
