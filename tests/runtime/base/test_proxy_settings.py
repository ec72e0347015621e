from __future__ import annotations

import pytest

from runtime.base.proxy_settings import GROUPS, ProxySettings, Upstream, parse_proxy_settings

SECRET = "s3cret"


@pytest.mark.parametrize(
    ("text", "upstreams"),
    [
        ("", {}),
        ("http://proxy.example:3128", {"*": Upstream("http", "proxy.example", 3128)}),
        ("socks5h://[::1]", {"*": Upstream("socks5", "::1", 1080)}),
        (
            "RESIDENTIAL=socks5://u:p%40@a:1,*=http://b:2",
            {"RESIDENTIAL": Upstream("socks5", "a", 1, "u", "p@"), "*": Upstream("http", "b", 2)},
        ),
        (
            "http://groups-A,session-b:p@a:1",
            {"*": Upstream("http", "a", 1, "groups-A,session-b", "p")},
        ),
        ("http://:p@proxy.apify.com:8000", {"*": Upstream("http", "proxy.apify.com", 8000, None, "p")}),
    ],
)
def test_upstreams(text: str, upstreams: dict[str, Upstream]) -> None:
    assert parse_proxy_settings(text, "") == ProxySettings(upstreams=upstreams)


def test_off() -> None:
    assert parse_proxy_settings("off", "") == ProxySettings(enabled=False)


@pytest.mark.parametrize(
    "text",
    [
        f"ftp://u:{SECRET}@host",
        f"http://u:{SECRET}@",
        f"http://u:{SECRET}@host:99999",
        f"http://u:{SECRET}@host/path",
        f"A=http://u:{SECRET}@a,A=http://u:{SECRET}@b",
        f"u:{SECRET}@host",
        "on",
    ],
)
def test_invalid_upstreams_are_rejected_without_their_passwords(text: str) -> None:
    with pytest.raises(ValueError, match="GREENROOM_PROXY_UPSTREAM") as raised:
        parse_proxy_settings(text, "")
    assert SECRET not in str(raised.value)


def test_allowed_hosts() -> None:
    allowed = parse_proxy_settings("", "localhost, Example.COM:8080,[::1]:80").allowed
    assert allowed == {("localhost", None), ("example.com", 8080), ("::1", 80)}


@pytest.mark.parametrize("text", ["http://localhost", "localhost:0", "localhost:70000", "a b", "*"])
def test_invalid_hosts_are_rejected(text: str) -> None:
    with pytest.raises(ValueError, match="GREENROOM_PROXY_ALLOW"):
        parse_proxy_settings("", text)


def test_the_groups_of_upstreams_are_available() -> None:
    settings = parse_proxy_settings("MINE=http://a:1,*=http://b:2", "")
    assert list(settings.groups) == [*GROUPS, "MINE"]


def test_neither_the_address_nor_the_text_of_an_upstream_has_credentials() -> None:
    upstream = Upstream("http", "::1", 3128, "u", SECRET)
    assert upstream.address == "http://[::1]:3128"
    assert SECRET not in repr(upstream)
