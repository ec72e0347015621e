from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from api.request.callers import Caller
from api.request.parsing.webhooks import parse_ad_hoc_webhooks, parse_webhook_draft, parse_webhook_fields
from runtime.base.errors import Invalid
from runtime.base.records import PermissionLevel
from tests.fakes.records import a_run, a_user

ANN = Caller(a_user())
HOOK = {"eventTypes": ["ACTOR.RUN.SUCCEEDED"], "requestUrl": "https://example.com/?a=~~~???>>>"}


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize(
    "encode",
    [
        lambda raw: base64.b64encode(raw).decode(),
        lambda raw: base64.b64encode(raw).decode().rstrip("="),
        lambda raw: base64.b64encode(raw).decode().replace("+", " "),
        lambda raw: base64.urlsafe_b64encode(raw).decode(),
        lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("="),
    ],
    ids=["standard", "no padding", "plus as space", "url-safe", "url-safe, no padding"],
)
def test_webhooks_are_decoded_from_any_base64(encode: Any, count: int) -> None:
    hooks = [{**HOOK, "idempotencyKey": "x" * number} for number in range(count)]
    parsed = parse_ad_hoc_webhooks(encode(json.dumps(hooks).encode()), ANN)
    assert [each.idempotency_key or "" for each in parsed] == [each["idempotencyKey"] for each in hooks]


@pytest.mark.parametrize(
    "webhook",
    [
        {},
        {"eventTypes": []},
        {**HOOK, "eventTypes": "A"},
        {**HOOK, "requestUrl": "file:///etc/passwd"},
        {**HOOK, "requestUrl": "http://"},
        {**HOOK, "requestUrl": "http://some where"},
        {**HOOK, "eventTypes": ["ACTOR.RUN.DREAMT"]},
        {"eventTypes": ["TEST"]},
    ],
)
def test_an_invalid_webhook_is_rejected(webhook: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        parse_ad_hoc_webhooks(base64.b64encode(json.dumps([webhook]).encode()).decode(), ANN)


@pytest.mark.parametrize(("level", "acts"), [(PermissionLevel.LIMITED, False), (PermissionLevel.FULL, True)])
def test_a_webhook_of_a_limited_run_does_not_act_for_its_owner(level: PermissionLevel, acts: bool) -> None:
    caller = Caller(a_user(), a_run(permission_level=level))
    assert parse_webhook_draft(HOOK, caller).acts_for_owner == acts
    assert ("acts_for_owner" in parse_webhook_fields({"doNotRetry": True}, caller)) != acts
