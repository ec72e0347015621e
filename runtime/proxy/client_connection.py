"""One connection of a client: its requests, one after the other, or a tunnel."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import TypeVar

from python_socks import ProxyError, ProxyTimeoutError

from runtime.base.clock import Clock
from runtime.base.proxy_settings import SERP
from runtime.proxy.accounts import Accounts
from runtime.proxy.counters import Counters, Use
from runtime.proxy.errors import REASONS, BrokenResponse, ProxyFailure, failure_of
from runtime.proxy.exits import Exits
from runtime.proxy.faults import FaultKind, Faults
from runtime.proxy.forwarding import Forwarding, plain_response
from runtime.proxy.identification import Identity, identify
from runtime.proxy.messages import Head, InvalidMessage, RequestReader, TooLarge
from runtime.proxy.protocol import Account
from runtime.proxy.recent_requests import Exchange, RecentRequests, recorded
from runtime.proxy.relay import Relay, abort, close
from runtime.proxy.status_page import status_page
from runtime.proxy.targets import Target, target_of
from runtime.proxy.usernames import Parameters

T = TypeVar("T")

HEAD_SECS = 60.0
"""How long a client may take until the head of its next request is complete."""
CLOSE_SECS = 5.0
NUM_PAGES = re.compile(rb"[?&]numPages=([1-9]|10)(?:&|$)")
GOOGLE = re.compile(r"www\.google\.[a-z.]{2,6}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyContext:
    """What all connections share. `max_open` limits the requests and tunnels that one account has open."""

    accounts: Accounts
    counters: Counters
    recent: RecentRequests
    clock: Clock
    faults: Faults
    exits: Exits
    groups: Mapping[str, str]
    port: int
    max_open: int


class ClientConnection:
    """Serves one client until it, or the proxy, closes the connection."""

    def __init__(self, context: ProxyContext, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._context = context
        self._reader = reader
        self._writer = writer
        self._requests = RequestReader(reader)

    async def serve(self) -> None:
        try:
            while await self._serve_request():
                pass
            await self._finish()
        except (OSError, BrokenResponse):
            abort(self._writer)
        finally:
            close(self._writer)

    async def _serve_request(self) -> bool:
        """Serve the next request. Returns whether the client may send another one."""
        try:
            async with asyncio.timeout(HEAD_SECS):
                head = await self._requests.head()
        except TimeoutError:
            return False
        except InvalidMessage as problem:
            status = 431 if isinstance(problem, TooLarge) else 400
            return await self._fail(ProxyFailure(status, f"The request is not valid: {problem}."))
        if head is None:
            return False
        try:
            return await self._respond(head)
        except ProxyFailure as failure:
            return await self._fail(failure, is_persistent=head.is_persistent and self._requests.skip_body())

    async def _respond(self, head: Head) -> bool:
        target = target_of(head, self._context.port)
        identity = identify(head, self._context.accounts, self._context.groups)
        if target is None:
            return await self._show_status(head, identity)
        if identity.account is None:
            raise ProxyFailure(407, identity.error or "")
        group = None if identity.parameters is None else identity.parameters.group
        use = Use() if group is None else self._context.counters.of(identity.account.run_id, group)
        with self._recorded(head, target, identity.account, group, use) as exchange:
            if identity.parameters is None:
                raise ProxyFailure(407, identity.error or "")
            with _Registration(self._context, identity.account):
                return await self._pass_on(head, target, identity.parameters, use, exchange)

    def _recorded(
        self, head: Head, target: Target, account: Account, group: str | None, use: Use
    ) -> AbstractContextManager[Exchange]:
        context = self._context
        return recorded(
            context.recent, context.clock, account=account, group=group, method=head.method, target=target, use=use
        )

    async def _pass_on(self, head: Head, target: Target, parameters: Parameters, use: Use, exchange: Exchange) -> bool:
        exchange.count(client=self._requests.take_received())
        if parameters.group == SERP:
            use.serps += _search_pages(target)
        use.requests += 1
        use.count_session(parameters.session)
        await self._apply_fault(target, parameters)
        if target.path is None:
            await self._tunnel(target, parameters, exchange)
            return False
        exit = await _opened(self._context.exits.open_for_requests(parameters, target.host, target.port), target)
        return await Forwarding(head, self._requests, self._writer, exit, target, exchange).run()

    async def _tunnel(self, target: Target, parameters: Parameters, exchange: Exchange) -> None:
        opening = self._context.exits.open_tunnel(parameters, target.host, target.port)
        reader, writer = await _opened(opening, target)

        def count_upload(size: int) -> None:
            exchange.count(client=size, sent=size)

        def count_download(size: int) -> None:
            exchange.count(client=size, received=size)

        try:
            established = b"HTTP/1.1 200 Connection Established\r\n\r\n"
            exchange.status = 200
            exchange.count(client=len(established))
            self._writer.write(established)
            early = self._requests.after_connect()
            exchange.count(sent=len(early))
            writer.write(early)
            relay = Relay(on_upload=count_upload, on_download=count_download)
            await relay.run((self._reader, self._writer), (reader, writer))
        finally:
            abort(writer)

    async def _apply_fault(self, target: Target, parameters: Parameters) -> None:
        fault = self._context.faults.take(parameters.group, target.host)
        if fault is None:
            return
        if fault.kind is FaultKind.SLOW:
            await asyncio.sleep(fault.delay_secs)
        elif fault.kind is FaultKind.REFUSED:
            raise failure_of(ConnectionRefusedError(), target.authority)
        else:
            raise ProxyFailure(fault.status, "This status was ordered as a fault.")

    async def _show_status(self, head: Head, identity: Identity) -> bool:
        content_type, body = status_page(identity, head.target.partition(b"?")[2])
        is_persistent = head.is_persistent and self._requests.skip_body()
        body = b"" if head.method == "HEAD" else body
        return await self._write(
            plain_response("200 OK", {"Content-Type": content_type}, body, is_persistent), is_persistent
        )

    async def _fail(self, failure: ProxyFailure, *, is_persistent: bool = False) -> bool:
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        if failure.status == 407:
            headers["Proxy-Authenticate"] = 'Basic realm="Apify Proxy"'
        status_line = f"{failure.status} {REASONS.get(failure.status, 'Fault')}"
        response = plain_response(status_line, headers, failure.text.encode(), is_persistent)
        return await self._write(response, is_persistent)

    async def _write(self, response: bytes, is_persistent: bool) -> bool:
        self._writer.write(response)
        await self._writer.drain()
        return is_persistent

    async def _finish(self) -> None:
        """Close this side, and read what the client still sends: an early close could destroy the last response."""
        if self._writer.can_write_eof() and not self._writer.is_closing():
            self._writer.write_eof()
        try:
            async with asyncio.timeout(CLOSE_SECS):
                while await self._reader.read(65_536):
                    pass
        except TimeoutError:
            abort(self._writer)


class _Registration:
    """A request or tunnel in progress. It is cancelled when its run ends, which closes its connections."""

    def __init__(self, context: ProxyContext, account: Account) -> None:
        self._context = context
        self._account = account
        task = asyncio.current_task()
        assert task is not None
        self._cancel = task.cancel

    def __enter__(self) -> None:
        if self._context.accounts.add_connection(self._account, self._cancel) > self._context.max_open:
            self._context.accounts.remove_connection(self._account, self._cancel)
            raise ProxyFailure(
                503, f"There are more than {self._context.max_open} open connections with this password."
            )

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._context.accounts.remove_connection(self._account, self._cancel)


async def _opened(opening: Awaitable[T], target: Target) -> T:
    """Raises ProxyFailure if the connection to the target cannot be opened."""
    try:
        return await opening
    except (OSError, ProxyError, ProxyTimeoutError) as problem:
        raise failure_of(problem, target.authority) from problem


def _search_pages(target: Target) -> int:
    """How many pages of search results a request of the SERP group gets. Raises ProxyFailure for other requests."""
    if target.path is None or not GOOGLE.fullmatch(target.host):
        raise ProxyFailure(
            400, f"The group {SERP} is only for requests to http://www.google.* (Google Search and Shopping)."
        )
    found = NUM_PAGES.search(target.path)
    return int(found[1]) if found else 1
