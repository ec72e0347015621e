from __future__ import annotations

import pytest

from api.standby.credentials import headers_without, query_without
from api.standby.standby_address import StandbyAddress, standby_address_of

OWN = "localhost:3333"


@pytest.mark.parametrize(
    ("host", "target", "found"),
    [
        ("Local--Hello.localhost:3333", "/a?b=1", StandbyAddress("local--hello", "", "/a?b=1")),
        ("abcdefghijklmnopq.localhost:3333", "/", StandbyAddress("abcdefghijklmnopq", "", "/")),
        ("a--b.localhost.:3333", "/", StandbyAddress("a--b", "", "/")),
        (OWN, "/greenroom/standby/a--b", StandbyAddress("a--b", "/greenroom/standby/a--b", "")),
        (OWN, "/greenroom/standby/a--b?x=/y", StandbyAddress("a--b", "/greenroom/standby/a--b", "?x=/y")),
        (OWN, "/greenroom/standby/ID/a%20b/?c", StandbyAddress("ID", "/greenroom/standby/ID", "/a%20b/?c")),
    ],
)
def test_addresses(host: str, target: str, found: StandbyAddress) -> None:
    assert standby_address_of(host, target) == found


@pytest.mark.parametrize(
    ("host", "target"),
    [
        (OWN, "/"),
        (OWN, "/greenroom/standby"),
        (OWN, "/greenroom/standby/"),
        (OWN, "/v2/greenroom/standby/a--b"),
        ("hello.localhost:3333", "/"),
        ("--hello.localhost:3333", "/"),
        ("a--b.runs.localhost:3333", "/"),
        ("a--b.localhost.evil.example", "/"),
        ("a--b.evil.example:3333", "/"),
    ],
)
def test_other_addresses(host: str, target: str) -> None:
    assert standby_address_of(host, target) is None


def test_only_the_secret_token_is_removed() -> None:
    assert query_without("a b", b"token=a%20b&token=c&x=a%20b&&y") == b"token=c&x=a%20b&&y"
    headers = [(b"Authorization", b"Bearer secret"), (b"x-apify-authorization", b"Bearer other"), (b"x", b"secret")]
    assert headers_without("secret", headers) == headers[1:]
