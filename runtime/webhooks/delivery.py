"""Delivery of dispatches: sends each one, and retries it until its target accepts it or the retries are used up.

The schedule is in the database. A new server continues with the schedule of the previous one, and repeats the requests
that were in progress when the previous one ended.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import TypeVar

from yarl import URL

from runtime.base.addresses import Addresses
from runtime.base.clock import Clock, Millis, wait_for_event
from runtime.base.records import DispatchStatus, WebhookCall, WebhookDispatch
from runtime.base.retry import retry
from runtime.base.storage_errors import STORAGE_ERRORS
from runtime.database.webhook_tables import DispatchesTable
from runtime.outbound import Outbound, OutboundError

log = logging.getLogger("greenroom.webhooks")
T = TypeVar("T")

RETRIES = 11
FIRST_RETRY_MILLIS = 60_000
"""The platform's schedule: retries after 1, 2, 4, 8 and so on minutes."""
MAX_CONCURRENT_REQUESTS = 10
"""Further dispatches that are due wait until a request finishes."""


class Delivery:
    """`open` starts sending. `close` leaves the unfinished dispatches to the next server.

    `server_token` returns a token for requests to Greenroom's own API in the name of a user, given by their id.
    """

    def __init__(
        self,
        dispatches: DispatchesTable,
        outbound: Outbound,
        clock: Clock,
        addresses: Addresses,
        server_token: Callable[[str], str],
    ) -> None:
        self._dispatches = dispatches
        self._outbound = outbound
        self._clock = clock
        self._addresses = addresses
        self._server_token = server_token
        self._woken = asyncio.Event()
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._loop: asyncio.Task[None] | None = None

    def open(self) -> None:
        self._loop = asyncio.create_task(self._retry(self._send_due), name="delivery of webhooks")

    async def close(self) -> None:
        tasks = [task for task in (self._loop, *self._sending.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._outbound.close()

    def wake(self) -> None:
        """Check for dispatches that are due now."""
        self._woken.set()

    async def bring_forward(self, millis: Millis) -> None:
        """Let all pending calls become due earlier by this time."""
        await self._dispatches.bring_forward(millis)
        self.wake()

    async def _send_due(self) -> None:
        """Send every dispatch when it is due, until the task is cancelled."""
        while True:
            self._woken.clear()
            now = self._clock.now()
            for dispatch in self._due(now):
                self._start_sending(dispatch)
            await wait_for_event(self._woken, self._clock, self._dispatches.next_due_after(now))

    def _due(self, now: Millis) -> list[WebhookDispatch]:
        """The first due dispatches that are not being sent, as many as the limit on concurrent requests allows."""
        due = self._dispatches.due(now, MAX_CONCURRENT_REQUESTS)
        waiting = [each for each in due if each.id not in self._sending]
        return waiting[: MAX_CONCURRENT_REQUESTS - len(self._sending)]

    def _start_sending(self, dispatch: WebhookDispatch) -> None:
        task = asyncio.create_task(self._send(dispatch), name=f"dispatch {dispatch.id}")
        self._sending[dispatch.id] = task
        task.add_done_callback(lambda _: self._finished_sending(dispatch.id))

    def _finished_sending(self, id: str) -> None:
        del self._sending[id]
        self.wake()

    async def _send(self, dispatch: WebhookDispatch) -> None:
        """Send a dispatch and store the result. While that fails, the dispatch must not be sent again."""
        call = await self._call(dispatch)

        def recorded(current: WebhookDispatch) -> WebhookDispatch:
            called = after_call(current, call)
            if (current.next_call_at or 0) <= (dispatch.next_call_at or 0):
                return called
            # Another call was ordered while this one was made. An advance of the clock would make the time earlier.
            return replace(called, status=DispatchStatus.ACTIVE, next_call_at=current.next_call_at)

        await self._retry(partial(self._dispatches.update, dispatch.id, recorded))

    async def _retry(self, request: Callable[[], Awaitable[T]]) -> T:
        return await retry(
            request,
            self._clock,
            "The delivery of webhooks",
            on=(Exception,),
            expected=STORAGE_ERRORS,
        )

    async def _call(self, dispatch: WebhookDispatch) -> WebhookCall:
        webhook, started_at = dispatch.webhook, self._clock.now()
        try:
            response = await self._outbound.post(
                webhook.request_url, dispatch.payload, self._headers(dispatch), verify=not webhook.ignore_ssl_errors
            )
        except Exception as error:  # every error must count as a call, to prevent an immediate, endless retry loop
            if not isinstance(error, OutboundError):
                log.exception("Webhook dispatch %s could not be sent", dispatch.id)
            return WebhookCall(started_at=started_at, finished_at=self._clock.now(), error_message=str(error))
        is_success = is_accepted(response.status)
        return WebhookCall(
            started_at=started_at,
            finished_at=self._clock.now(),
            error_message=None if is_success else f"The response has status {response.status} instead of 2xx",
            response_status=response.status,
            response_body=response.body,
        )

    def _headers(self, dispatch: WebhookDispatch) -> dict[str, str]:
        """The dispatch's own headers, and those that the platform sets.

        A request to Greenroom's own API without a token gets one just before it is sent, so that the token is never
        stored and never returned by the API.
        """
        may_get_token = dispatch.webhook.acts_for_owner and not has_token(dispatch)
        gets_token = may_get_token and self._addresses.is_api(dispatch.webhook.request_url)
        return {
            **dispatch.headers,
            **({"Authorization": f"Bearer {self._server_token(dispatch.user_id)}"} if gets_token else {}),
            "Content-Type": "application/json",
            "X-Apify-Webhook": "true",
            "X-Apify-Webhook-Dispatch-Id": dispatch.id,
            "X-Apify-Request-Origin": "WEBHOOK",
        }


def has_token(dispatch: WebhookDispatch) -> bool:
    """Whether the webhook's own headers or URL already contain credentials."""
    url = URL(dispatch.webhook.request_url)
    in_headers = any(name.lower() == "authorization" for name in dispatch.headers)
    return in_headers or url.user is not None or "token" in url.query


def after_call(dispatch: WebhookDispatch, call: WebhookCall) -> WebhookDispatch:
    """The dispatch after a call: succeeded, failed, or with the time of the next call."""
    called = replace(dispatch, calls=(*dispatch.calls, call), next_call_at=None)
    if call.response_status is not None and is_accepted(call.response_status):
        return replace(called, status=DispatchStatus.SUCCEEDED)
    if dispatch.webhook.do_not_retry or len(dispatch.calls) >= RETRIES:
        return replace(called, status=DispatchStatus.FAILED)
    return replace(called, next_call_at=call.finished_at + FIRST_RETRY_MILLIS * 2 ** len(dispatch.calls))


def is_accepted(status: int) -> bool:
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
