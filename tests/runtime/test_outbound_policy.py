"""The addresses that webhooks, archives and repositories can reach, whatever their names resolve to."""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from socket import AF_INET, AF_INET6, SOCK_STREAM
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from runtime.base.errors import Invalid
from runtime.base.outbound_policy import OutboundPolicy
from runtime.builds.git import fetch, parse_url
from runtime.builds.git_addresses import DEFAULT_PORTS, Host, parse_host
from runtime.outbound import Outbound, OutboundError
from tests.fakes.receiver import Receiver

METADATA = "169.254.169.254"
FORBIDDEN = "Greenroom does not connect to link-local addresses"
NO_LOOPBACK = "Greenroom does not connect to loopback addresses"


@pytest.fixture
async def outbound() -> AsyncIterator[Outbound]:
    outbound = Outbound(timeout_secs=10)
    yield outbound
    await outbound.close()


@pytest.fixture
async def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, Iterator[str]]:
    """What each name resolves to: one address for each question. Other names are numeric."""
    names: dict[str, Iterator[str]] = {}

    async def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        address = next(names[host]) if host in names else host
        return [(AF_INET6 if ":" in address else AF_INET, SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    return names


@pytest.mark.parametrize("host", [METADATA, "0xa9fea9fe", "[::ffff:169.254.169.254]", "[fe80::1]", "[fd00:ec2::254]"])
async def test_no_spelling_reaches_a_metadata_service(outbound: Outbound, tmp_path: Path, host: str) -> None:
    with pytest.raises(OutboundError, match=FORBIDDEN):
        await outbound.post(f"http://{host}/latest/meta-data/", "{}", {}, verify=True)
    with pytest.raises(OutboundError, match=FORBIDDEN):
        await outbound.download(f"http://{host}/latest/meta-data/", tmp_path / "archive", 100, lambda _: None)


async def test_a_name_is_allowed_by_the_address_that_is_connected_to(
    outbound: Outbound, receiver: Receiver, names: dict[str, Iterator[str]]
) -> None:
    """A name that first resolves to an allowed address, and then to the metadata service (DNS rebinding)."""
    names["rebinding.example"] = iter(["127.0.0.1", METADATA])
    assert (await outbound.post(receiver.url(host="rebinding.example"), "{}", {}, verify=True)).status == 200
    with pytest.raises(OutboundError, match=f"{FORBIDDEN}, and {METADATA} is one"):
        await outbound.post("http://rebinding.example:80/", "{}", {}, verify=True)


@pytest.mark.parametrize("target", [f"http://{METADATA}/", "http://metadata.example/"])
async def test_a_redirect_of_an_archive_does_not_reach_a_metadata_service(
    outbound: Outbound, receiver: Receiver, names: dict[str, Iterator[str]], tmp_path: Path, target: str
) -> None:
    names["metadata.example"] = itertools.repeat(METADATA)
    receiver.status, receiver.headers = 302, {"Location": target}
    with pytest.raises(OutboundError, match=f"cannot connect: {FORBIDDEN}.*GREENROOM_OUTBOUND_ALLOW=loopback,link-loc"):
        await outbound.download(receiver.url(), tmp_path / "archive", 100, lambda _: None)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "host.greenroom.internal", "0.0.0.0"])
async def test_loopback_is_closed_if_the_setting_does_not_list_it(receiver: Receiver, host: str) -> None:
    outbound = Outbound(OutboundPolicy(frozenset()))
    with pytest.raises(OutboundError, match=f"{NO_LOOPBACK}.*GREENROOM_OUTBOUND_ALLOW=loopback"):
        await outbound.post(receiver.url(host=host), "{}", {}, verify=True)
    await outbound.close()
    assert receiver.received == []


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://github.com/a/b.git", Host("github.com", DEFAULT_PORTS["https"], True)),
        ("https://user:password@example.com:8443/a", Host("example.com", 8443, True)),
        ("http://[::1]:80/a", Host("::1", 80, True)),
        ("ssh://git@example.com/a", Host("example.com", 22, False)),
        ("git://example.com/a", Host("example.com", 9418, False)),
        ("git@example.com:a/b.git", Host("example.com", 22, False)),
        ("example.com:a", Host("example.com", 22, False)),
        ("git@[fe80::1]:a", Host("fe80::1", 22, False)),
        ("/home/a/b", None),
        ("nonsense", None),
    ],
)
def test_the_host_of_a_repository(url: str, host: Host | None) -> None:
    assert parse_host(url) == host


@pytest.mark.parametrize(
    "url",
    [
        f"http://{METADATA}/a.git",
        "https://0xa9fea9fe/a.git",
        "http://[::ffff:169.254.169.254]/a",
        "git://metadata.example/a",
        "ssh://git@metadata.example/a",
        "git@metadata.example:a",
        "https://user:password@metadata.example/a",
    ],
)
@pytest.mark.parametrize("with_keys", [True, False])
async def test_a_repository_at_a_metadata_service_is_not_fetched(
    names: dict[str, Iterator[str]], tmp_path: Path, url: str, with_keys: bool
) -> None:
    names["metadata.example"], names["0xa9fea9fe"] = itertools.repeat(METADATA), itertools.repeat(METADATA)
    with pytest.raises(Invalid, match=f"The repository cannot be fetched: {FORBIDDEN}"):
        await fetch(parse_url(url), tmp_path, lambda _: None, with_keys=with_keys)
    assert os.listdir(tmp_path) == []


async def test_git_connects_to_the_address_that_was_checked(names: dict[str, Iterator[str]], tmp_path: Path) -> None:
    """Git itself cannot resolve this name, so it uses the address of the only answer."""
    names["repository.invalid"] = iter(["127.0.0.1"])
    folder, into = tmp_path / "repository", tmp_path / "into"
    os.mkdir(into)
    commit = a_repository(folder)
    app = web.Application()
    app.router.add_static("/", folder)
    async with TestServer(app) as server:
        url = f"http://repository.invalid:{server.port}/.git#{commit}"
        await fetch(parse_url(url), into, lambda _: None, with_keys=False)
    assert os.listdir(into) == ["file"]


def a_repository(folder: Path) -> str:
    """Create a repository that a plain web server can serve, and return its commit."""
    folder.mkdir()
    (folder / "file").write_text("content")

    def run(*words: str) -> str:
        identity = ("-c", "user.name=Test", "-c", "user.email=test@localhost")
        return subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True).stdout

    run("init", "--quiet", "--initial-branch=main")
    run("add", ".")
    run("commit", "--quiet", "--message=one")
    run("update-server-info")
    return run("rev-parse", "HEAD").strip()
