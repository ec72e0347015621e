"""/v2/users"""

from __future__ import annotations

from datetime import UTC, datetime, time

from fastapi import Request, Response

from api.lazy_routes import Router
from api.request.bodies import read_object
from api.request.callers import Caller, FullCaller, LiveCaller
from api.request.dependencies import orchestrator_of
from api.request.params import Params
from api.request.parsing.fields import field
from api.response import serializers
from api.response.envelopes import data_response, json_response
from runtime.access import permissions
from runtime.base.clock import Millis, millis_of
from runtime.base.errors import Invalid
from runtime.base.json_text import JsonDict
from runtime.orchestrator import Orchestrator

router = Router(prefix="/v2/users")


@router.get("/me")
async def get_me(request: Request, caller: LiveCaller) -> Response:
    """The caller's user. A run does not get the plan and the email address, as on the platform."""
    orchestrator = orchestrator_of(request)
    plan = orchestrator.settings.plan
    proxy = _proxy_access(orchestrator, caller)
    if permissions.is_limited(caller.run):
        return data_response(serializers.limited_user(caller.user, plan, proxy))
    limits = orchestrator.account_limits.in_force(caller.user)
    return data_response(serializers.private_user(caller.user, plan, limits, proxy))


@router.get("/me/limits")
async def get_limits(request: Request, caller: FullCaller) -> Response:
    limits = orchestrator_of(request).account_limits
    return data_response(serializers.account_limits(limits.in_force(caller.user), limits.current(caller.user)))


@router.put("/me/limits")
async def put_limits(request: Request, caller: FullCaller) -> Response:
    body = await read_object(request)
    await orchestrator_of(request).account_limits.update(
        caller.user,
        max_monthly_usage_usd=field(body, "maxMonthlyUsageUsd", float),
        data_retention_days=field(body, "dataRetentionDays", int),
    )
    return json_response({}, 201)


@router.get("/me/usage/monthly")
async def get_monthly_usage(request: Request, caller: FullCaller) -> Response:
    """The usage in the current calendar month, or in the month that contains `date`."""
    orchestrator = orchestrator_of(request)
    at = _date(Params(request))
    report = orchestrator.monthly_usage.report(caller.user, orchestrator.clock.now() if at is None else at)
    return data_response(serializers.monthly_usage(report))


@router.get("/{user_id}")
async def get_user(request: Request, user_id: str) -> Response:
    users = orchestrator_of(request).users
    return data_response(serializers.public_user(users.by_username(user_id) or users.get(user_id)))


def _proxy_access(orchestrator: Orchestrator, caller: Caller) -> JsonDict:
    """A run gets its own password, so that the proxy knows which run uses it."""
    if orchestrator.addresses.proxy_port is None:
        return serializers.NO_PROXY
    user_password = orchestrator.signer.proxy_password(caller.user.id)
    password = user_password if caller.run is None else caller.run.proxy_password
    return serializers.proxy_access(password, orchestrator.settings.proxy.groups)


def _date(params: Params) -> Millis | None:
    """The beginning of the day `date` in UTC; None if it is not given."""
    text = params.text("date")
    if text is None:
        return None
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise Invalid(
            "invalid-parameter", f"Query parameter 'date' must be a date such as 2026-01-31, not '{text}'"
        ) from None
    return millis_of(datetime.combine(day, time(), UTC))
