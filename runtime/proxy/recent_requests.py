"""The last requests and tunnels of each user. They are only in memory, without paths, queries and credentials."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from runtime.base.clock import Clock
from runtime.base.records import ProxyRequest
from runtime.proxy.counters import Use
from runtime.proxy.errors import BrokenResponse, ProxyFailure
from runtime.proxy.protocol import Account
from runtime.proxy.targets import Target

MAX_REQUESTS = 100
"""How many requests of each user are stored."""
MAX_HOST_LENGTH = 255
"""A name cannot be longer. Clients can send longer ones."""


class RecentRequests:
    """The last requests that have ended, by user."""

    def __init__(self) -> None:
        self._by_user: defaultdict[str, deque[ProxyRequest]] = defaultdict(partial(deque, maxlen=MAX_REQUESTS))

    def add(self, request: ProxyRequest) -> None:
        self._by_user[request.user_id].append(request)

    def of_user(self, user_id: str) -> list[ProxyRequest]:
        """The user's requests, the last one first."""
        return list(reversed(self._by_user[user_id])) if user_id in self._by_user else []

    def take(self) -> tuple[ProxyRequest, ...]:
        """Return and remove all requests. Those of each user are in order."""
        taken = tuple(each for requests in self._by_user.values() for each in requests)
        self._by_user.clear()
        return taken


class Exchange:
    """A request or tunnel in progress. It counts bytes for itself and in the `use` of its run.

    `status` is what the client gets; None until then. `failure` is why the exchange did not end as it should.
    """

    def __init__(self, use: Use) -> None:
        self.status: int | None = None
        self.failure: str | None = None
        self.sent_bytes = 0
        self.received_bytes = 0
        self._use = use

    def count(self, *, sent: int = 0, received: int = 0, client: int = 0) -> None:
        """Count bytes to and from the web site, and bytes that the client and the proxy exchanged."""
        self.sent_bytes += sent
        self.received_bytes += received
        self._use.sent_bytes += sent
        self._use.received_bytes += received
        self._use.client_bytes += client


@contextmanager
def recorded(
    recent: RecentRequests, clock: Clock, *, account: Account, group: str | None, method: str, target: Target, use: Use
) -> Iterator[Exchange]:
    """Add an exchange to the recent requests when it ends."""
    exchange, started_at = Exchange(use), clock.now()
    try:
        yield exchange
    except ProxyFailure as failure:
        exchange.status = failure.status
        exchange.failure = failure.text.replace(account.password, "PASSWORD")  # it may be in the user name by mistake
        raise
    except BrokenResponse:
        exchange.failure = "A connection was lost within the response."
        raise
    except OSError:
        exchange.failure = "The client closed the connection."
        raise
    except asyncio.CancelledError:
        if exchange.status is None:  # otherwise it may be a tunnel, which stays open until the run ends
            exchange.failure = "The run ended before there was a response."
        raise
    finally:
        request = ProxyRequest(
            started_at=started_at,
            duration_millis=max(0, clock.now() - started_at),
            user_id=account.user_id,
            run_id=account.run_id,
            group=group,
            method=method,
            host=target.host[:MAX_HOST_LENGTH],
            port=target.port,
            status=exchange.status,
            failure=exchange.failure,
            sent_bytes=exchange.sent_bytes,
            received_bytes=exchange.received_bytes,
        )
        recent.add(request)
