"""The types of the last requests through the proxy."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from api.response.local_controls import LocalModel
from runtime.base.clock import iso
from runtime.base.records import ProxyRequest


class ProxiedRequest(LocalModel):
    """A request or tunnel through the proxy that has ended. Its path, query and credentials are not recorded."""

    started_at: str = Field(description="An ISO 8601 timestamp.")
    duration_millis: int
    run_id: str | None = Field(description="Null outside of runs.")
    group: str | None = Field(description="The group of the proxy. Null for an invalid user name.")
    method: str = Field(description="`CONNECT` for a tunnel, as clients open one for `https`.")
    host: str
    port: int
    status: int | None = Field(description="What the client got. Null if it got no response.")
    failure: str | None = Field(description="Why it failed. Null if the web site responded.")
    sent_bytes: int = Field(description="Bytes that the proxy sent to the web site.")
    received_bytes: int = Field(description="Bytes that the proxy received from the web site.")


class ProxiedRequests(LocalModel):
    items: tuple[ProxiedRequest, ...] = Field(description="The last request that ended comes first.")


def present_proxied_requests(requests: Iterable[ProxyRequest]) -> ProxiedRequests:
    return ProxiedRequests(items=tuple(_present(each) for each in requests))


def _present(request: ProxyRequest) -> ProxiedRequest:
    return ProxiedRequest(
        started_at=iso(request.started_at),
        duration_millis=request.duration_millis,
        run_id=request.run_id,
        group=request.group,
        method=request.method,
        host=request.host,
        port=request.port,
        status=request.status,
        failure=request.failure,
        sent_bytes=request.sent_bytes,
        received_bytes=request.received_bytes,
    )
