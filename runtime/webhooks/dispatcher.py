"""Sends what webhooks dispatched, until it is accepted or given up.

The schedule is in the store: a server that starts goes on with what the last one left, and sends again what that was
just sending.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus

from yarl import URL

from runtime.base.addresses import Addresses
from runtime.base.clock import Clock, Millis, until
from runtime.base.records import DispatchStatus, WebhookCall, WebhookDispatch
from runtime.database.tables import Table
from runtime.outbound import Outbound, OutboundError

log = logging.getLogger("greenroom.dispatcher")

RETRIES = 11
FIRST_RETRY_MILLIS = 60_000
"""The platform's schedule: retries after 1, 2, 4 ... minutes."""
AT_ONCE = 10
"""Requests that are open at the same time; what is due beyond waits."""


class Dispatcher:
    """`open` begins to send; `close` leaves what is not sent by then to the next start.

    `own_token` makes a token for requests to Greenroom's own API from the id of the user in whose name they are.
    """

    def __init__(
        self,
        dispatches: Table[WebhookDispatch],
        outbound: Outbound,
        clock: Clock,
        addresses: Addresses,
        own_token: Callable[[str], str],
    ) -> None:
        self._dispatches = dispatches
        self._outbound = outbound
        self._clock = clock
        self._addresses = addresses
        self._own_token = own_token
        self._nudged = asyncio.Event()
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._life: asyncio.Task[None] | None = None

    def open(self) -> None:
        self._life = asyncio.create_task(self._live(), name="dispatcher")
        self._life.add_done_callback(_log_fault)

    async def close(self) -> None:
        tasks = [task for task in (self._life, *self._sending.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._outbound.close()

    def nudge(self) -> None:
        """There may be something new to send."""
        self._nudged.set()

    async def _live(self) -> None:
        """Send whatever is due, for ever."""
        while True:
            self._nudged.clear()
            now = self._clock.now()
            for dispatch in self._due(now):
                self._begin(dispatch)
            await until(self._nudged, self._clock, self._next_moment(now))

    def _due(self, now: Millis) -> list[WebhookDispatch]:
        """The first of those that are due and not being sent, as many as there is room for."""
        found = self._dispatches.all("next_call_at <= ? ORDER BY next_call_at LIMIT ?", now, AT_ONCE)
        waiting = [each for each in found if each.id not in self._sending]
        return waiting[: AT_ONCE - len(self._sending)]

    def _next_moment(self, now: Millis) -> Millis | None:
        following = self._dispatches.find("next_call_at > ? ORDER BY next_call_at", now)
        return None if following is None else following.next_call_at

    def _begin(self, dispatch: WebhookDispatch) -> None:
        task = asyncio.create_task(self._send(dispatch), name=f"dispatch {dispatch.id}")
        self._sending[dispatch.id] = task
        task.add_done_callback(lambda _: self._sent(dispatch.id))
        task.add_done_callback(_log_fault)

    def _sent(self, id: str) -> None:
        del self._sending[id]
        self.nudge()

    async def _send(self, dispatch: WebhookDispatch) -> None:
        call = await self._call(dispatch)
        await self._dispatches.update(dispatch.id, lambda now: after(now, call))

    async def _call(self, dispatch: WebhookDispatch) -> WebhookCall:
        webhook, started_at = dispatch.webhook, self._clock.now()
        try:
            answer = await self._outbound.post(
                webhook.request_url, dispatch.payload, self._headers(dispatch), verify=not webhook.ignore_ssl_errors
            )
        except Exception as problem:  # whatever it is, it must not be sent again at once, for ever
            if not isinstance(problem, OutboundError):
                log.exception("Webhook dispatch %s could not be sent", dispatch.id)
            return WebhookCall(started_at=started_at, finished_at=self._clock.now(), error_message=str(problem))
        return WebhookCall(
            started_at=started_at,
            finished_at=self._clock.now(),
            error_message=None if is_accepted(answer.status) else f"The answer's status is {answer.status}, not 2xx",
            response_status=answer.status,
            response_body=answer.body,
        )

    def _headers(self, dispatch: WebhookDispatch) -> dict[str, str]:
        """The dispatch's own headers, and those that the platform sets.

        A request to the API itself that has no token gets one here: what is stored and shown of a dispatch has none.
        """
        needs_token = dispatch.webhook.acts_for_owner and not has_token(dispatch)
        is_own = needs_token and self._addresses.is_api(dispatch.webhook.request_url)
        return {
            **dispatch.headers,
            **({"Authorization": f"Bearer {self._own_token(dispatch.user_id)}"} if is_own else {}),
            "Content-Type": "application/json",
            "X-Apify-Webhook": "true",
            "X-Apify-Webhook-Dispatch-Id": dispatch.id,
            "X-Apify-Request-Origin": "WEBHOOK",
        }


def has_token(dispatch: WebhookDispatch) -> bool:
    url = URL(dispatch.webhook.request_url)
    in_headers = any(name.lower() == "authorization" for name in dispatch.headers)
    return in_headers or url.user is not None or "token" in url.query


def after(dispatch: WebhookDispatch, call: WebhookCall) -> WebhookDispatch:
    """The dispatch after a call: accepted, given up, or to be called again."""
    called = replace(dispatch, calls=(*dispatch.calls, call), next_call_at=None)
    if call.response_status is not None and is_accepted(call.response_status):
        return replace(called, status=DispatchStatus.SUCCEEDED)
    if dispatch.webhook.do_not_retry or len(dispatch.calls) >= RETRIES:
        return replace(called, status=DispatchStatus.FAILED)
    return replace(called, next_call_at=call.finished_at + FIRST_RETRY_MILLIS * 2 ** len(dispatch.calls))


def is_accepted(status: int) -> bool:
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def _log_fault(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (problem := task.exception()) is not None:
        log.error("The %s failed", task.get_name(), exc_info=problem)
