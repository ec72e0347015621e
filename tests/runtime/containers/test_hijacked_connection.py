"""Connections that change their protocol: to engines of our own making, and to the real one behind TLS."""

from __future__ import annotations

import asyncio
import datetime
import secrets
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from runtime.containers import BuildFailed, EngineUnavailable
from runtime.containers.connection import Connection
from runtime.containers.hijacked_connection import upgraded

SOCKET = "/var/run/docker.sock"
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Echo(asyncio.Protocol):
    """What the connection is handed over to."""

    def __init__(self) -> None:
        self.received = b""
        self.changed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        self.changed.set()


@asynccontextmanager
async def engine(answer: bytes) -> AsyncIterator[tuple[Connection, list[bytes]]]:
    """One that knows its version and answers so to anything else; and the heads of the requests it got."""
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        heads.append(head)
        body = b'{"ApiVersion": "1.41"}'
        version = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        writer.write(version if head.startswith(b"GET /version") else answer)
        await writer.drain()
        if not answer.startswith(b"HTTP/1.1 101"):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        connection = Connection(f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        await connection.open()
        yield connection, heads
        connection.close()


async def test_what_comes_with_the_answer_reaches_the_next_protocol() -> None:
    echo = Echo()
    async with engine(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\nfirst words") as (connection, heads):
        transport = await upgraded(connection, "/session", "h2c", [("X-One", "1"), ("X-One", "2")], lambda: echo)
        await echo.changed.wait()
        transport.close()
    assert echo.received == b"first words"
    first, *headers = heads[-1].decode().split("\r\n")
    assert first == "POST /v1.41/session HTTP/1.1"
    assert {"Connection: Upgrade", "Upgrade: h2c", "X-One: 1", "X-One: 2"} <= {*headers}


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"HTTP/1.1 404 Not Found\r\n\r\npage not found", "did not change its protocol: HTTP/1.1 404 Not Found"),
        (b"", "did not change its protocol: it closed the connection"),
    ],
)
async def test_an_engine_that_refuses_is_told(answer: bytes, told: str) -> None:
    async with engine(answer) as (connection, _):
        with pytest.raises(BuildFailed, match=told):
            await upgraded(connection, "/session", "h2c", [], Echo)


async def test_an_engine_that_has_gone_is_told() -> None:
    async with engine(b"") as (connection, _):
        pass
    with pytest.raises(EngineUnavailable, match="does not answer"):
        await upgraded(connection, "/session", "h2c", [], Echo)


async def test_an_address_of_another_kind_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async with engine(b"") as (connection, _):
        monkeypatch.setattr(connection, "address", lambda: {"base_url": "ssh://me@example.com"})
        with pytest.raises(BuildFailed, match=r"Unix socket or a TCP address, and this is ssh://me@example\.com:22"):
            await upgraded(connection, "/session", "h2c", [], Echo)


@pytest.mark.docker
@pytest.mark.skipif(not Path(SOCKET).is_socket(), reason=f"the engine does not listen at {SOCKET}")
@pytest.mark.parametrize("kind", ["unix", "tcp", "tls"])
async def test_a_real_engine_speaks_http_2_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    certificates(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=tmp_path / "ca.pem")
    tls.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    tls.verify_mode = ssl.CERT_REQUIRED
    for bundle in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):  # requests prefers them to what docker-py says
        monkeypatch.delenv(bundle, raising=False)
    if kind == "tls":
        monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
        monkeypatch.setenv("DOCKER_CERT_PATH", str(tmp_path))
    proxy = await asyncio.start_server(piped, "127.0.0.1", 0, ssl=tls if kind == "tls" else None)
    async with proxy:
        port = proxy.sockets[0].getsockname()[1]
        connection = Connection(f"unix://{SOCKET}" if kind == "unix" else f"tcp://127.0.0.1:{port}")
        await connection.open()
        echo = Echo()
        headers = [("X-Docker-Expose-Session-Uuid", secrets.token_hex(8)), ("X-Docker-Expose-Session-Name", "n")]
        transport = await upgraded(connection, "/session", "h2c", headers, lambda: echo)
        await echo.changed.wait()
        transport.close()
        connection.close()
    assert echo.received.startswith(b"PRI * HTTP/2.0\r\n")


async def piped(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A way to the engine's socket for one connection."""
    from_engine, to_engine = await asyncio.open_unix_connection(SOCKET)
    await asyncio.gather(copied(reader, to_engine), copied(from_engine, writer))


async def copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    writer.close()


def certificates(folder: Path) -> None:
    """One certificate that is its own authority, for both sides, where the docker command looks for them."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "engine")])
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    for file in ("ca.pem", "cert.pem"):
        (folder / file).write_bytes(built.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    pem = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(pem)
