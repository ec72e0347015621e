"""Connections that switch protocols: to simulated engines, and to the real one through a socket, TCP and TLS."""

from __future__ import annotations

import asyncio
import datetime
import secrets
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from runtime.containers import EngineUnavailable
from runtime.containers.connection import EngineConnection
from runtime.containers.hijacked_connection import UpgradeFailed, open_hijacked_connection

SOCKET = "/var/run/docker.sock"


class Echo(asyncio.Protocol):
    """The protocol that the connection is passed to."""

    def __init__(self) -> None:
        self.received = b""
        self.changed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        self.changed.set()


@asynccontextmanager
async def engine(response: bytes) -> AsyncIterator[tuple[EngineConnection, list[bytes]]]:
    """Yield a connection to a simulated engine, and the heads of the requests that it receives.

    It returns its version on request, and responds to every other request with `response`.
    """
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        heads.append(head)
        body = b'{"ApiVersion": "1.41"}'
        version = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        writer.write(version if head.startswith(b"GET /version") else response)
        await writer.drain()
        if not response.startswith(b"HTTP/1.1 101"):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        connection = EngineConnection(f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        await connection.open()
        yield connection, heads
        connection.close()


async def test_data_after_the_response_reaches_the_next_protocol() -> None:
    echo = Echo()
    async with engine(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\nfirst words") as (connection, heads):
        transport = await open_hijacked_connection(
            connection, "/session", "h2c", [("X-One", "1"), ("X-One", "2")], lambda: echo
        )
        await echo.changed.wait()
        transport.close()
    assert echo.received == b"first words"
    first, *headers = heads[-1].decode().split("\r\n")
    assert first == "POST /v1.41/session HTTP/1.1"
    assert {"Connection: Upgrade", "Upgrade: h2c", "X-One: 1", "X-One: 2"} <= {*headers}


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (b"HTTP/1.1 404 Not Found\r\n\r\npage not found", "did not switch protocols: HTTP/1.1 404 Not Found"),
        (b"", "did not switch protocols: it closed the connection"),
    ],
)
async def test_the_error_for_a_rejected_upgrade_shows_the_response(response: bytes, message: str) -> None:
    async with engine(response) as (connection, _):
        with pytest.raises(UpgradeFailed, match=message):
            await open_hijacked_connection(connection, "/session", "h2c", [], Echo)


async def test_a_stopped_engine_is_unavailable() -> None:
    async with engine(b"") as (connection, _):
        pass
    with pytest.raises(EngineUnavailable, match="does not answer"):
        await open_hijacked_connection(connection, "/session", "h2c", [], Echo)


async def test_an_unsupported_address_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    async with engine(b"") as (connection, _):
        monkeypatch.setattr(connection, "address", lambda: {"base_url": "ssh://me@example.com"})
        with pytest.raises(UpgradeFailed, match=r"Unix socket or a TCP address, not at ssh://me@example\.com:22"):
            await open_hijacked_connection(connection, "/session", "h2c", [], Echo)


@pytest.mark.docker
@pytest.mark.skipif(not Path(SOCKET).is_socket(), reason=f"the engine does not listen at {SOCKET}")
@pytest.mark.parametrize("kind", ["unix", "tcp", "tls"])
async def test_a_real_engine_switches_to_http_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    write_certificates(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=tmp_path / "ca.pem")
    tls.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    tls.verify_mode = ssl.CERT_REQUIRED
    for bundle in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):  # they would override docker-py's settings
        monkeypatch.delenv(bundle, raising=False)
    if kind == "tls":
        monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
        monkeypatch.setenv("DOCKER_CERT_PATH", str(tmp_path))
    proxy = await asyncio.start_server(pipe, "127.0.0.1", 0, ssl=tls if kind == "tls" else None)
    async with proxy:
        port = proxy.sockets[0].getsockname()[1]
        connection = EngineConnection(f"unix://{SOCKET}" if kind == "unix" else f"tcp://127.0.0.1:{port}")
        await connection.open()
        echo = Echo()
        headers = [("X-Docker-Expose-Session-Uuid", secrets.token_hex(8)), ("X-Docker-Expose-Session-Name", "n")]
        transport = await open_hijacked_connection(connection, "/session", "h2c", headers, lambda: echo)
        await echo.changed.wait()
        transport.close()
        connection.close()
    assert echo.received.startswith(b"PRI * HTTP/2.0\r\n")


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Forward one connection to the engine's socket."""
    from_engine, to_engine = await asyncio.open_unix_connection(SOCKET)
    await asyncio.gather(copy(reader, to_engine), copy(from_engine, writer))


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    writer.close()


def write_certificates(folder: Path) -> None:
    """Write a self-signed certificate for both sides, in the files that the docker command expects."""
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
