"""The list of the last requests through the proxy."""

from __future__ import annotations

import asyncio

from runtime.base.proxy_settings import ProxySettings
from runtime.base.records import ProxyRequest
from runtime.proxy.recent_requests import MAX_REQUESTS, RecentRequests
from tests.fakes.clock import START, VirtualClock
from tests.fakes.proxy import PASSWORD, RUN, ProxyStage, echo, proxying, responding, serving

HELLO = b"HTTP/1.1 404 Gone\r\nContent-Length: 5\r\n\r\nhello"


def a_request(**fields: object) -> ProxyRequest:
    given = {"started_at": START, "duration_millis": 1, "user_id": "user1", "run_id": RUN, "group": "auto"}
    target = {"method": "GET", "host": "localhost", "port": 80, "status": 200, "failure": None}
    return ProxyRequest(**{**given, **target, "sent_bytes": 0, "received_bytes": 0, **fields})  # type: ignore[arg-type]


async def test_a_request_is_recorded_without_its_path_query_and_credentials() -> None:
    settings = ProxySettings(allowed=frozenset({("localhost", None)}))
    async with proxying(settings, clock=VirtualClock()) as proxy, serving(responding(HELLO)) as port:
        await proxy.get(f"http://name:secret@localhost:{port}/path?token=secret", "session-secret")
        [recorded] = proxy.context.recent.of_user("user1")
        sent = f"GET /path?token=secret HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"
    assert recorded == a_request(
        duration_millis=0, port=port, status=404, sent_bytes=len(sent), received_bytes=len(HELLO)
    )


async def test_a_tunnel_is_recorded_when_it_closes(proxy: ProxyStage) -> None:
    async with serving(echo) as port:
        reader, writer = await proxy.connect(f"localhost:{port}")
        writer.write(b"hello")
        assert await reader.readexactly(5) == b"hello"
        assert proxy.context.recent.of_user("user1") == []
        writer.write_eof()
        await reader.read()
        await asyncio.sleep(0)
    [recorded] = proxy.context.recent.of_user("user1")
    assert (recorded.method, recorded.port, recorded.status, recorded.failure) == ("CONNECT", port, 200, None)
    assert (recorded.sent_bytes, recorded.received_bytes) == (5, len(b"hello<end>"))


async def test_failures_are_recorded_with_the_reason_that_the_client_got(proxy: ProxyStage) -> None:
    await proxy.get("http://localhost:1/")
    await proxy.get("http://localhost:1/", "groups-BOB")
    await proxy.get("http://localhost:1/", "auto", "wrong")
    await proxy.get("http://localhost:1/", PASSWORD)
    async with serving(responding(HELLO.replace(b": 5", b": 9"))) as port:
        await proxy.get(f"http://localhost:{port}/")
    lost, secret, unknown_group, refused = proxy.context.recent.of_user("user1")
    assert (refused.status, refused.failure) == (594, "localhost:1 refused the connection.")
    assert (unknown_group.status, unknown_group.group) == (407, None)
    assert unknown_group.failure is not None and "BOB" in unknown_group.failure
    assert secret.failure is not None and PASSWORD not in secret.failure and "PASSWORD" in secret.failure
    assert (lost.status, lost.failure) == (404, "A connection was lost within the response.")


def test_each_user_has_its_last_requests() -> None:
    recent = RecentRequests()
    for port in range(MAX_REQUESTS + 10):
        recent.add(a_request(port=port))
    recent.add(a_request(user_id="user2"))
    assert [each.port for each in recent.of_user("user1")] == list(range(MAX_REQUESTS + 9, 9, -1))
    assert recent.of_user("user3") == []
    assert len(recent.take()) == MAX_REQUESTS + 1
    assert recent.take() == ()
