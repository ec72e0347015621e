"""Parsers of webhooks, and of the ad hoc webhooks in a request that starts a run."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import msgspec
from yarl import URL

from api.request.callers import Caller
from api.request.parsing.fields import field
from runtime.access import permissions
from runtime.base.errors import Invalid
from runtime.base.records import WebhookCondition, WebhookDraft, WebhookEvent

TEXTS = {
    "payloadTemplate": "payload_template",
    "headersTemplate": "headers_template",
    "description": "description",
}
FLAGS = {
    "shouldInterpolateStrings": "should_interpolate_strings",
    "ignoreSslErrors": "ignore_ssl_errors",
    "doNotRetry": "do_not_retry",
}


def parse_ad_hoc_webhooks(text: str | None, caller: Caller) -> tuple[WebhookDraft, ...]:
    """The query parameter `webhooks`: base64, standard or URL-safe, with or without padding.

    A `+` may have arrived as a space.
    """
    if text is None:
        return ()
    plain = text.replace(" ", "+").replace("-", "+").replace("_", "/").rstrip("=")
    try:
        decoded = msgspec.json.decode(base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True))
        webhooks = msgspec.convert(decoded, list[dict[str, Any]])
    except (ValueError, msgspec.MsgspecError, RecursionError) as problem:
        raise Invalid(
            "invalid-input", f"Query parameter 'webhooks' must be a Base64-encoded JSON array of objects: {problem}"
        ) from problem
    return tuple(parse_webhook_draft(each, caller) for each in webhooks)


def parse_webhook_draft(body: Mapping[str, Any], caller: Caller) -> WebhookDraft:
    """A new webhook. Events and a URL are required."""
    fields = parse_webhook_fields(body, caller)
    for wire_name, name in (("eventTypes", "event_types"), ("requestUrl", "request_url")):
        if name not in fields:
            raise Invalid("invalid-input", f"A webhook needs '{wire_name}'")
    return WebhookDraft(**fields, idempotency_key=field(body, "idempotencyKey", str) or None)


def parse_webhook_fields(body: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
    """The fields of a webhook record that the body sets. null leaves a required field unchanged."""
    fields: dict[str, Any] = {}
    event_types, url = field(body, "eventTypes", list[str]), field(body, "requestUrl", str)
    if event_types is not None:
        fields["event_types"] = tuple(_parse_event(each) for each in event_types)
        if not event_types:
            raise Invalid("invalid-input", "A webhook needs at least one of the 'eventTypes'")
    if url is not None:
        fields["request_url"] = _checked_url(url)
    for wire_name, name in TEXTS.items():
        if wire_name in body:
            fields[name] = field(body, wire_name, str)
    for wire_name, name in FLAGS.items():
        flag = field(body, wire_name, bool)
        if flag is not None:
            fields[name] = flag
    if permissions.is_limited(caller.run):
        fields["acts_for_owner"] = False
    return fields


def parse_webhook_condition(body: Mapping[str, Any]) -> WebhookCondition:
    condition = field(body, "condition", dict) or {}
    return WebhookCondition(
        actor_id=field(condition, "actorId", str),
        actor_task_id=field(condition, "actorTaskId", str),
        actor_run_id=field(condition, "actorRunId", str),
    )


def _parse_event(text: str) -> WebhookEvent:
    if text not in set(WebhookEvent):
        raise Invalid("invalid-input", f"Event type '{text}' is not valid. Use one of {', '.join(WebhookEvent)}")
    return WebhookEvent(text)


def _checked_url(url: str) -> str:
    try:
        parts = URL(url, encoded=True)
        is_valid = parts.scheme in ("http", "https") and parts.host is not None and " " not in url
    except ValueError:
        is_valid = False
    if not is_valid:
        raise Invalid("invalid-input", f"A webhook's 'requestUrl' must be an http(s) URL, not '{url}'")
    return url
