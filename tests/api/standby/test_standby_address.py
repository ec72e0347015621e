from __future__ import annotations

import pytest

from api.standby.credentials import headers_without, query_without
from api.standby.standby_address import STANDBY_ADDRESSES, StandbyAddress

OWN = b"localhost:3333"


@pytest.mark.parametrize(
    ("host", "target", "found"),
    [
        (b"Local--Hello.localhost:3333", b"/a?b=1", StandbyAddress("local--hello", b"", b"/a?b=1")),
        (b"abcdefghijklmnopq.localhost:3333", b"/", StandbyAddress("abcdefghijklmnopq", b"", b"/")),
        (b"a--b.localhost.:3333", b"/", StandbyAddress("a--b", b"", b"/")),
        (OWN, b"/greenroom/standby/a--b", StandbyAddress("a--b", b"/greenroom/standby/a--b", b"")),
        (OWN, b"/greenroom/standby/a--b?x=/y", StandbyAddress("a--b", b"/greenroom/standby/a--b", b"?x=/y")),
        (OWN, b"/greenroom/standby/ID/a%20b/?c", StandbyAddress("ID", b"/greenroom/standby/ID", b"/a%20b/?c")),
    ],
)
def test_addresses(host: bytes, target: bytes, found: StandbyAddress) -> None:
    assert STANDBY_ADDRESSES.find(host, target) == found


@pytest.mark.parametrize(
    ("host", "target"),
    [
        (OWN, b"/"),
        (OWN, b"/greenroom/standby"),
        (OWN, b"/greenroom/standby/"),
        (OWN, b"/v2/greenroom/standby/a--b"),
        (b"hello.localhost:3333", b"/"),
        (b"--hello.localhost:3333", b"/"),
        (b"a--b.runs.localhost:3333", b"/"),
        (b"a--b.localhost.evil.example", b"/"),
        (b"a--b.evil.example:3333", b"/"),
    ],
)
def test_other_addresses(host: bytes, target: bytes) -> None:
    assert STANDBY_ADDRESSES.find(host, target) is None


def test_only_the_secret_token_is_removed() -> None:
    assert query_without("a b", b"token=a%20b&token=c&x=a%20b&&y") == b"token=c&x=a%20b&&y"
    headers = [(b"authorization", b"Bearer secret"), (b"x-apify-authorization", b"Bearer other"), (b"x", b"secret")]
    assert headers_without("secret", headers) == headers[1:]
