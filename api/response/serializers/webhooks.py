"""The JSON of webhooks and their dispatches."""

from __future__ import annotations

from api.response.serializers.jobs import iso_or_none
from runtime.base.clock import Millis, iso
from runtime.base.json_text import JsonDict
from runtime.base.records import Webhook, WebhookCall, WebhookCondition, WebhookDispatch, WebhookDraft


def webhook(record: Webhook, total_dispatches: int, last: WebhookDispatch | None) -> JsonDict:
    return {
        "id": record.id,
        "userId": record.user_id,
        "createdAt": iso(record.created_at),
        "modifiedAt": iso(record.modified_at),
        "isAdHoc": record.is_ad_hoc,
        "isApifyIntegration": False,
        "isEnabled": True,  # no operation of the API disables a webhook
        "actionType": "HTTP_REQUEST",
        "condition": _condition(record.condition),
        **webhook_draft(record),
        "lastDispatch": None
        if last is None
        else {"status": last.status, "finishedAt": iso_or_none(_finished_at(last))},
        "stats": {"totalDispatches": total_dispatches},
    }


def webhook_draft(record: WebhookDraft) -> JsonDict:
    return {
        "eventTypes": list(record.event_types),
        "requestUrl": record.request_url,
        "payloadTemplate": record.payload_template,
        "headersTemplate": record.headers_template,
        "shouldInterpolateStrings": record.should_interpolate_strings,
        "description": record.description,
        "idempotencyKey": record.idempotency_key,
        "ignoreSslErrors": record.ignore_ssl_errors,
        "doNotRetry": record.do_not_retry,
    }


def webhook_dispatch(record: WebhookDispatch) -> JsonDict:
    return {
        "id": record.id,
        "userId": record.user_id,
        "webhookId": record.webhook.id,
        "createdAt": iso(record.created_at),
        "status": record.status,
        "eventType": record.event_type,
        "eventData": record.event_data,
        "webhook": {
            "actionType": "HTTP_REQUEST",
            "condition": _condition(record.webhook.condition),
            "requestUrl": record.webhook.request_url,
            "isAdHoc": record.webhook.is_ad_hoc,
        },
        "calls": [_call(each) for each in record.calls],
    }


def _condition(record: WebhookCondition) -> JsonDict:
    ids = {"actorId": record.actor_id, "actorTaskId": record.actor_task_id, "actorRunId": record.actor_run_id}
    return {name: id for name, id in ids.items() if id is not None}


def _call(record: WebhookCall) -> JsonDict:
    return {
        "startedAt": iso(record.started_at),
        "finishedAt": iso(record.finished_at),
        "errorMessage": record.error_message,
        "responseStatus": record.response_status,
        "responseBody": record.response_body,
    }


def _finished_at(record: WebhookDispatch) -> Millis | None:
    return record.calls[-1].finished_at if record.calls and record.next_call_at is None else None
