from __future__ import annotations

import socket

import pytest

from runtime.base.outbound_policy import (
    AddressKind,
    ForbiddenAddress,
    OutboundPolicy,
    address_kind,
    parse_policy,
)

LOOPBACK, LINK_LOCAL = AddressKind.LOOPBACK, AddressKind.LINK_LOCAL
SPELLINGS = [
    ("169.254.169.254", LINK_LOCAL),
    ("169.254.0.1", LINK_LOCAL),
    ("fe80::1", LINK_LOCAL),
    ("fe80::1%eth0", LINK_LOCAL),
    ("febf::1", LINK_LOCAL),
    ("::ffff:169.254.169.254", LINK_LOCAL),
    ("::ffff:a9fe:a9fe", LINK_LOCAL),
    ("::ffff:169.254.169.254%eth0", LINK_LOCAL),
    ("::169.254.169.254", LINK_LOCAL),
    ("64:ff9b::a9fe:a9fe", LINK_LOCAL),
    ("2002:a9fe:a9fe::", LINK_LOCAL),
    ("100.100.100.200", LINK_LOCAL),
    ("::ffff:100.100.100.200", LINK_LOCAL),
    ("fd00:ec2::254", LINK_LOCAL),
    ("127.0.0.1", LOOPBACK),
    ("127.255.255.254", LOOPBACK),
    ("0.0.0.0", LOOPBACK),
    ("0.1.2.3", LOOPBACK),
    ("::", LOOPBACK),
    ("::1", LOOPBACK),
    ("::1%lo", LOOPBACK),
    ("::ffff:127.0.0.1", LOOPBACK),
    ("::ffff:0.0.0.0", LOOPBACK),
    ("64:ff9b::7f00:1", LOOPBACK),
    ("8.8.8.8", None),
    ("169.253.255.255", None),
    ("10.0.0.1", None),
    ("2001:db8::1", None),
    ("fec0::1", None),
]


@pytest.mark.parametrize(("address", "kind"), SPELLINGS)
def test_every_spelling_of_an_address_has_its_kind(address: str, kind: AddressKind | None) -> None:
    assert address_kind(address) is kind


@pytest.mark.parametrize(
    "spelling", ["2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.16689662", "0xa9.254.43518"]
)
def test_the_spellings_that_a_resolver_accepts_are_checked_as_what_they_resolve_to(spelling: str) -> None:
    [resolved] = {info[4][0] for info in socket.getaddrinfo(spelling, 80, type=socket.SOCK_STREAM)}
    assert address_kind(str(resolved)) is LINK_LOCAL


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("none", set()),
        ("loopback", {LOOPBACK}),
        ("link-local", {LINK_LOCAL}),
        ("loopback, link-local", {LOOPBACK, LINK_LOCAL}),
    ],
)
def test_the_setting_lists_what_is_allowed(text: str, allowed: set[AddressKind]) -> None:
    policy = parse_policy(text)
    assert policy.allowed == allowed
    for address, kind in SPELLINGS:
        if kind is None or kind in allowed:
            policy.check(address)
        else:
            with pytest.raises(ForbiddenAddress):
                policy.check(address)


@pytest.mark.parametrize("text", ["all", "loopback,", "none,loopback", "Loopback", "127.0.0.1"])
def test_the_error_of_another_setting_names_the_variable(text: str) -> None:
    with pytest.raises(ValueError, match=f"GREENROOM_OUTBOUND_ALLOW must be none, or .*'{text}'"):
        parse_policy(text)


@pytest.mark.parametrize(
    ("policy", "address", "setting"),
    [
        (OutboundPolicy(), "169.254.169.254", "loopback,link-local"),
        (OutboundPolicy(frozenset()), "127.0.0.1", "loopback"),
        (OutboundPolicy(frozenset()), "fe80::1", "link-local"),
    ],
)
def test_the_error_names_the_address_and_the_setting(policy: OutboundPolicy, address: str, setting: str) -> None:
    with pytest.raises(ForbiddenAddress) as caught:
        policy.check(address)
    message = str(caught.value)
    assert address in message
    assert message.endswith(f"GREENROOM_OUTBOUND_ALLOW={setting}")
