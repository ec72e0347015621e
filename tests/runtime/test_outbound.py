from __future__ import annotations

import asyncio
import gzip
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from runtime.outbound import Outbound, OutboundError
from runtime.outbound.web_client import MAX_RESPONSE_BYTES, is_own_name
from tests.examples import some
from tests.fakes.receiver import Receiver
from tests.hostile_peers import fair_loop, hostile_server


@pytest.fixture
async def outbound() -> AsyncIterator[Outbound]:
    outbound = Outbound()
    yield outbound
    await outbound.close()


async def test_a_request_is_sent_and_its_response_returned(receiver: Receiver, outbound: Outbound) -> None:
    receiver.status = 418
    response = await outbound.post(receiver.url("/a?b=%2F"), '{"ä": 1}', {"X-One": "1"}, verify=True)
    assert (response.status, response.body) == (418, "thanks")
    [received] = receiver.received
    assert (received.path, received.body, received.headers["X-One"]) == ("/a", {"ä": 1}, "1")


async def test_a_post_does_not_follow_redirects(receiver: Receiver, outbound: Outbound) -> None:
    receiver.status, receiver.headers = 302, {"Location": receiver.url("/elsewhere")}
    assert (await outbound.post(receiver.url("/requested"), "{}", {}, verify=True)).status == 302
    assert [each.path for each in receiver.received] == ["/requested"]


async def test_only_the_beginning_of_a_long_response_is_read(receiver: Receiver, outbound: Outbound) -> None:
    receiver.body = b"x" * (3 * MAX_RESPONSE_BYTES)
    assert len((await outbound.post(receiver.url(), "{}", {}, verify=True)).body) == MAX_RESPONSE_BYTES


@pytest.mark.parametrize("host", ["host.greenroom.internal", "abc123.runs.localhost", "localhost"])
async def test_greenrooms_own_names_resolve_to_this_machine(receiver: Receiver, outbound: Outbound, host: str) -> None:
    assert (await outbound.post(receiver.url(host=host), "{}", {}, verify=True)).status == 200
    assert receiver.received[0].headers["Host"] == receiver.url(host=host).split("/")[2]


@pytest.mark.parametrize("name", ["example.com", "runs.localhost.example.com", "host.greenroom.internal.example.com"])
def test_other_names_are_not_greenrooms_own(name: str) -> None:
    assert not is_own_name(name)


@pytest.mark.parametrize(
    ("url", "headers"),
    [("http://127.0.0.1:1/", {}), ("http://no-such-host.invalid/", {}), ("http://127.0.0.1:1/", {"A": "b\r\nC: d"})],
)
async def test_the_error_of_a_request_shows_the_reason(outbound: Outbound, url: str, headers: dict[str, str]) -> None:
    with pytest.raises(OutboundError, match=r"Cannot send the request: ."):
        await outbound.post(url, "{}", headers, verify=True)


async def test_a_request_without_a_response_times_out() -> None:
    async def never_respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server, outbound = await asyncio.start_server(never_respond, "127.0.0.1", 0), Outbound(timeout_secs=0.05)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(OutboundError, match=r"No response within 0\.05 seconds"):
        await outbound.post(f"http://127.0.0.1:{port}/", "{}", {}, verify=True)
    await outbound.close()
    server.close()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to create a certificate")
async def test_a_self_signed_certificate_is_only_accepted_without_verification(
    outbound: Outbound, tmp_path: Path
) -> None:
    receiver = Receiver()
    await receiver.open(self_signed(tmp_path))
    with pytest.raises(OutboundError, match=r"(?i)certificate"):
        await outbound.post(receiver.url(host="localhost"), "{}", {}, verify=True)
    assert (await outbound.post(receiver.url(host="localhost"), "{}", {}, verify=False)).status == 200
    await receiver.close()


def self_signed(folder: Path) -> ssl.SSLContext:
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    subprocess.run([*command.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


# Downloads.


async def test_a_download_is_written_and_its_bytes_counted(
    receiver: Receiver, outbound: Outbound, tmp_path: Path
) -> None:
    receiver.body = bytes(600_000)
    progress: list[int] = []
    size = await outbound.download(receiver.url("/a%2Fb?c=%2B"), tmp_path / "file", 600_000, progress.append)
    assert (size, progress[-1], (tmp_path / "file").stat().st_size) == (600_000,) * 3
    assert receiver.received[0].headers["Accept-Encoding"] == "identity"


async def test_a_download_follows_redirects(receiver: Receiver, outbound: Outbound, tmp_path: Path) -> None:
    receiver.statuses, receiver.headers = [302, 200], {"Location": receiver.url("/elsewhere")}
    await outbound.download(receiver.url("/requested"), tmp_path / "file", 100, lambda _: None)
    assert [each.path for each in receiver.received] == ["/requested", "/elsewhere"]


async def test_a_download_over_the_limit_is_cancelled(receiver: Receiver, outbound: Outbound, tmp_path: Path) -> None:
    receiver.body = bytes(2_000_000)
    with pytest.raises(OutboundError, match="larger than the allowed 100,000 bytes"):
        await outbound.download(receiver.url(), tmp_path / "file", 100_000, lambda _: None)
    assert (tmp_path / "file").stat().st_size <= 100_000


async def test_the_limit_applies_to_the_decompressed_file(
    receiver: Receiver, outbound: Outbound, tmp_path: Path
) -> None:
    receiver.body, receiver.headers = gzip.compress(bytes(50_000_000)), {"Content-Encoding": "gzip"}
    with pytest.raises(OutboundError, match="larger than the allowed 100,000 bytes"):
        await outbound.download(receiver.url(), tmp_path / "file", 100_000, lambda _: None)


@pytest.mark.parametrize("status", [204, 403, 404, 500])
async def test_the_error_of_a_rejected_download_shows_the_status(
    receiver: Receiver, outbound: Outbound, tmp_path: Path, status: int
) -> None:
    receiver.status = status
    with pytest.raises(OutboundError, match=f"the server returned {status}"):
        await outbound.download(receiver.url(), tmp_path / "file", 100, lambda _: None)


async def test_errors_do_not_contain_the_secrets_of_the_url(outbound: Outbound, tmp_path: Path) -> None:
    with pytest.raises(OutboundError, match="cannot connect") as raised:
        await outbound.download("http://me:hunter2@127.0.0.1:1/?token=hunter2", tmp_path / "file", 9, lambda _: None)
    assert "hunter2" not in str(raised.value)


async def test_a_stalled_download_times_out(
    receiver: Receiver, outbound: Outbound, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.outbound.web_client.SILENCE_SECS", 0.2)
    receiver.stop_responding()
    with pytest.raises(OutboundError, match=r"no data arrived for 0\.2 seconds"):
        await outbound.download(receiver.url(), tmp_path / "file", 9, lambda _: None)
    receiver.start_responding()


# Servers that try to occupy the event loop.

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
ENDLESS = {
    "interim responses": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "interim responses with headers": (b"", b"HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n"),
    "empty lines": (b"", b"\r\n"),
    "headers": (OK, b"a:b\r\n"),
    "a header": (OK + b"a: ", b"b"),
    "trailers": (CHUNKED + b"0\r\n", b"a: b\r\n"),
    "an extension of a chunk": (CHUNKED + b"1;", b"a"),
}
TINY_CHUNKS = b"1\r\nx\r\n"


@pytest.mark.parametrize(("head", "flood"), some(ENDLESS.values()), ids=some(ENDLESS))
async def test_what_never_becomes_a_response_ends_a_request_and_a_download(
    outbound: Outbound, tmp_path: Path, head: bytes, flood: bytes
) -> None:
    for is_download in (False, True):
        with hostile_server(head, flood) as server:
            url = f"http://127.0.0.1:{server.port}/"
            async with asyncio.timeout(20), fair_loop():
                with pytest.raises(OutboundError):
                    if is_download:
                        await outbound.download(url, tmp_path / "file", 1_000_000, lambda _: None)
                    else:
                        await outbound.post(url, "{}", {}, verify=True)
                await server.has_ended()


async def test_a_body_in_tiny_chunks_does_not_hold_the_event_loop(outbound: Outbound, tmp_path: Path) -> None:
    with hostile_server(CHUNKED, TINY_CHUNKS) as server:
        url = f"http://127.0.0.1:{server.port}/"
        async with fair_loop():
            assert (await outbound.post(url, "{}", {}, verify=True)).body == "x" * MAX_RESPONSE_BYTES
            with pytest.raises(OutboundError, match="larger than the allowed"):
                await outbound.download(url, tmp_path / "file", 100_000, lambda _: None)


async def test_the_final_response_after_interim_ones_is_read_in_any_pieces(outbound: Outbound, tmp_path: Path) -> None:
    chunks = b"".join(b"%x\r\n%b\r\n" % (size, bytes(size)) for size in (1, 40_000, 1, 100_000, 3) * 20)
    sent = b"HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" * 3 + CHUNKED + chunks + b"0\r\nTrailer: x\r\n\r\n"

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(sent)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(respond, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    assert await outbound.download(url, tmp_path / "file", 10_000_000, lambda _: None) == 140_005 * 20
    assert (await outbound.post(url, "{}", {}, verify=True)).body == "\0" * MAX_RESPONSE_BYTES
    server.close()
