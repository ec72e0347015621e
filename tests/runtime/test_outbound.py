from __future__ import annotations

import asyncio
import gzip
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from runtime.outbound import MAX_ANSWER_BYTES, NoAnswer, Outbound, is_own_name
from tests.fakes.receiver import Receiver


@pytest.fixture
async def outbound() -> AsyncIterator[Outbound]:
    outbound = Outbound()
    yield outbound
    await outbound.close()


async def test_what_is_sent_arrives_and_the_answer_comes_back(receiver: Receiver, outbound: Outbound) -> None:
    receiver.status = 418
    answer = await outbound.post(receiver.url("/a?b=%2F"), '{"ä": 1}', {"X-One": "1"}, verify=True)
    assert (answer.status, answer.body) == (418, "thanks")
    [received] = receiver.received
    assert (received.path, received.body, received.headers["X-One"]) == ("/a", {"ä": 1}, "1")


async def test_a_redirect_is_an_answer_and_not_followed(receiver: Receiver, outbound: Outbound) -> None:
    receiver.status, receiver.headers = 302, {"Location": receiver.url("/elsewhere")}
    assert (await outbound.post(receiver.url("/asked"), "{}", {}, verify=True)).status == 302
    assert [each.path for each in receiver.received] == ["/asked"]


async def test_of_a_long_answer_only_the_beginning_is_kept(receiver: Receiver, outbound: Outbound) -> None:
    receiver.body = b"x" * (3 * MAX_ANSWER_BYTES)
    assert len((await outbound.post(receiver.url(), "{}", {}, verify=True)).body) == MAX_ANSWER_BYTES


@pytest.mark.parametrize("host", ["host.greenroom.internal", "abc123.runs.localhost", "localhost"])
async def test_greenrooms_own_names_are_this_machine(receiver: Receiver, outbound: Outbound, host: str) -> None:
    assert (await outbound.post(receiver.url(host=host), "{}", {}, verify=True)).status == 200
    assert receiver.received[0].headers["Host"] == receiver.url(host=host).split("/")[2]


@pytest.mark.parametrize("name", ["example.com", "runs.localhost.example.com", "host.greenroom.internal.example.com"])
def test_other_names_are_not_ours(name: str) -> None:
    assert not is_own_name(name)


@pytest.mark.parametrize(
    ("url", "headers"),
    [("http://127.0.0.1:1/", {}), ("http://no-such-host.invalid/", {}), ("http://127.0.0.1:1/", {"A": "b\r\nC: d"})],
)
async def test_what_cannot_be_sent_says_why(outbound: Outbound, url: str, headers: dict[str, str]) -> None:
    with pytest.raises(NoAnswer, match=r"Cannot send request: ."):
        await outbound.post(url, "{}", headers, verify=True)


async def test_who_accepts_and_never_answers_is_not_waited_for_for_ever() -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server, outbound = await asyncio.start_server(say_nothing, "127.0.0.1", 0), Outbound(timeout_secs=0.05)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(NoAnswer, match=r"No answer within 0\.05 seconds"):
        await outbound.post(f"http://127.0.0.1:{port}/", "{}", {}, verify=True)
    await outbound.close()
    server.close()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
async def test_a_certificate_that_nobody_signed_is_accepted_only_where_that_is_asked_for(
    outbound: Outbound, tmp_path: Path
) -> None:
    receiver = Receiver()
    await receiver.open(self_signed(tmp_path))
    with pytest.raises(NoAnswer, match=r"(?i)certificate"):
        await outbound.post(receiver.url(host="localhost"), "{}", {}, verify=True)
    assert (await outbound.post(receiver.url(host="localhost"), "{}", {}, verify=False)).status == 200
    await receiver.close()


def self_signed(folder: Path) -> ssl.SSLContext:
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    subprocess.run([*make.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


# Downloads.


async def test_a_download_is_written_and_counted(receiver: Receiver, outbound: Outbound, tmp_path: Path) -> None:
    receiver.body, told = bytes(600_000), []
    size = await outbound.download(receiver.url("/a%2Fb?c=%2B"), tmp_path / "file", 600_000, told.append)
    assert (size, told[-1], (tmp_path / "file").stat().st_size) == (600_000,) * 3
    assert receiver.received[0].headers["Accept-Encoding"] == "identity"


async def test_a_download_follows_redirects(receiver: Receiver, outbound: Outbound, tmp_path: Path) -> None:
    receiver.statuses, receiver.headers = [302, 200], {"Location": receiver.url("/elsewhere")}
    await outbound.download(receiver.url("/asked"), tmp_path / "file", 100, lambda _: None)
    assert [each.path for each in receiver.received] == ["/asked", "/elsewhere"]


async def test_a_download_that_has_too_much_is_broken_off(
    receiver: Receiver, outbound: Outbound, tmp_path: Path
) -> None:
    receiver.body = bytes(2_000_000)
    with pytest.raises(NoAnswer, match="more than the 100,000 bytes"):
        await outbound.download(receiver.url(), tmp_path / "file", 100_000, lambda _: None)
    assert (tmp_path / "file").stat().st_size <= 100_000


async def test_a_compressed_answer_counts_as_what_it_becomes(
    receiver: Receiver, outbound: Outbound, tmp_path: Path
) -> None:
    receiver.body, receiver.headers = gzip.compress(bytes(50_000_000)), {"Content-Encoding": "gzip"}
    with pytest.raises(NoAnswer, match="more than the 100,000 bytes"):
        await outbound.download(receiver.url(), tmp_path / "file", 100_000, lambda _: None)


@pytest.mark.parametrize("status", [204, 403, 404, 500])
async def test_a_download_that_is_refused_says_how(
    receiver: Receiver, outbound: Outbound, tmp_path: Path, status: int
) -> None:
    receiver.status = status
    with pytest.raises(NoAnswer, match=f"the answer was {status}"):
        await outbound.download(receiver.url(), tmp_path / "file", 100, lambda _: None)


async def test_the_secrets_of_a_url_are_not_told(outbound: Outbound, tmp_path: Path) -> None:
    with pytest.raises(NoAnswer, match="cannot connect") as refusal:
        await outbound.download("http://me:hunter2@127.0.0.1:1/?token=hunter2", tmp_path / "file", 9, lambda _: None)
    assert "hunter2" not in str(refusal.value)


async def test_a_download_that_stands_still_is_given_up(
    receiver: Receiver, outbound: Outbound, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.outbound.SILENCE_SECS", 0.2)
    receiver.stop_responding()
    with pytest.raises(NoAnswer, match=r"nothing came for 0\.2 seconds"):
        await outbound.download(receiver.url(), tmp_path / "file", 9, lambda _: None)
    receiver.start_responding()
