"""Webhooks, their events and dispatches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from runtime.base.clock import Millis
from runtime.base.json_text import Json
from runtime.base.lifecycle import JobStatus
from runtime.base.records.ids import new_id


class WebhookEvent(StrEnum):
    """The events that webhooks can subscribe to. TEST is sent on demand."""

    RUN_CREATED = "ACTOR.RUN.CREATED"
    RUN_SUCCEEDED = "ACTOR.RUN.SUCCEEDED"
    RUN_FAILED = "ACTOR.RUN.FAILED"
    RUN_ABORTED = "ACTOR.RUN.ABORTED"
    RUN_TIMED_OUT = "ACTOR.RUN.TIMED_OUT"
    RUN_RESURRECTED = "ACTOR.RUN.RESURRECTED"
    BUILD_CREATED = "ACTOR.BUILD.CREATED"
    BUILD_SUCCEEDED = "ACTOR.BUILD.SUCCEEDED"
    BUILD_FAILED = "ACTOR.BUILD.FAILED"
    BUILD_ABORTED = "ACTOR.BUILD.ABORTED"
    BUILD_TIMED_OUT = "ACTOR.BUILD.TIMED_OUT"
    TEST = "TEST"

    @classmethod
    def ended(cls, kind: str, status: JobStatus) -> WebhookEvent:
        """Return the event of a RUN or BUILD that ended with a status. The platform writes TIMED_OUT in events."""
        return cls(f"ACTOR.{kind}.{status.replace('-', '_')}")


def new_event(event: WebhookEvent) -> dict[str, WebhookEvent]:
    """Return an event with a new id, for a record's `pending_events`."""
    return {new_id(): event}


class DispatchStatus(StrEnum):
    ACTIVE = "ACTIVE"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookCondition:
    """The sources of a webhook's events: the Actor, the task or the run."""

    actor_id: str | None = None
    actor_task_id: str | None = None
    actor_run_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDraft:
    """A webhook as a client defines it. Without a payload template, the platform's default template is used.

    With `acts_for_owner`, its requests to Greenroom's own API are authorized as its owner. It is false if a run with
    limited permissions created the webhook, because the run must not gain permissions through it.
    """

    event_types: tuple[WebhookEvent, ...]
    request_url: str
    payload_template: str | None = None
    headers_template: str | None = None
    should_interpolate_strings: bool = False
    description: str | None = None
    idempotency_key: str | None = None
    ignore_ssl_errors: bool = False
    do_not_retry: bool = False
    acts_for_owner: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook(WebhookDraft):
    id: str
    user_id: str
    created_at: Millis
    modified_at: Millis
    condition: WebhookCondition = WebhookCondition()
    is_ad_hoc: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookCall:
    """One delivery attempt. `error_message` is the reason why it failed, with or without a response."""

    started_at: Millis
    finished_at: Millis
    error_message: str | None = None
    response_status: int | None = None
    response_body: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDispatch:
    """A request that is sent until it is accepted, with the webhook as it was when the event occurred.

    `occasion` is the id of the event. A webhook dispatches no event twice. `next_call_at` is None when the dispatch has
    ended.
    """

    id: str
    user_id: str
    webhook: Webhook
    created_at: Millis
    event_type: WebhookEvent
    occasion: str
    event_data: Mapping[str, Json] | None = None
    payload: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    status: DispatchStatus = DispatchStatus.ACTIVE
    calls: tuple[WebhookCall, ...] = ()
    next_call_at: Millis | None = None
