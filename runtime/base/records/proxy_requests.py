"""What is remembered of a request through the proxy: neither its path and query nor its credentials."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.base.clock import Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyRequest:
    """A request or tunnel that has ended. `run_id` is None outside of runs, and `group` for an invalid user name.

    `status` is what the client got. `failure` is the reason if that is an error of the proxy, or if the exchange did
    not end as it should. The bytes are those that the proxy sent to the web site and received from it.
    """

    started_at: Millis
    duration_millis: int
    user_id: str
    run_id: str | None
    group: str | None
    method: str
    host: str
    port: int
    status: int | None
    failure: str | None
    sent_bytes: int
    received_bytes: int
