"""Parsers of the options of a new run, and of the filters of a list of runs."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from api.request.callers import Caller
from api.request.params import Params
from api.request.parsing.fields import parse_permission_level, parse_timeout, parse_timestamp
from api.request.parsing.versions import parse_run_env_vars
from api.request.parsing.webhooks import parse_ad_hoc_webhooks
from runtime.base.clock import Millis
from runtime.base.errors import Forbidden, Invalid
from runtime.base.lifecycle import JobStatus
from runtime.base.records import Origin, RunFilter
from runtime.runs.options import StartOptions

MIN_DEBUG_PORT = 1024
"""An Actor that does not run as root cannot listen on a lower port."""
MAX_PORT = 65_535


def parse_start_options(params: Params, caller: Caller) -> StartOptions:
    """The query of the Run Actor endpoint."""
    memory = params.number("memory")
    if memory is not None and memory <= 0:
        raise Invalid("invalid-input", "Query parameter 'memory' must be greater than 0")
    max_items, max_charge = params.integer("maxItems"), params.number("maxTotalChargeUsd")
    if max_items == 0:
        raise Invalid("max-items-must-be-greater-than-zero", "Query parameter 'maxItems' must be greater than 0")
    if max_charge == 0:
        raise Invalid(
            "max-total-charge-usd-must-be-greater-than-zero",
            "Query parameter 'maxTotalChargeUsd' must be greater than 0",
        )
    return StartOptions(
        build=params.text("build"),
        timeout_secs=parse_timeout(params.number("timeout")),
        memory_mbytes=memory,
        max_items=max_items,
        max_total_charge_usd=max_charge,
        restart_on_error=params.flag("restartOnError"),
        permission_level=parse_permission_level(params.text("forcePermissionLevel"), "forcePermissionLevel"),
        env_vars=parse_run_env_vars(params.text("greenroomEnvVars"), caller),
        dev_folder=_dev_folder(params, caller),
        debug_port=_debug_port(params, caller),
        webhooks=parse_ad_hoc_webhooks(params.text("webhooks"), caller),
    )


def parse_run_filter(params: Params) -> RunFilter:
    """The filters of a list of runs. Statuses are comma-separated, times are ISO 8601 timestamps. Raises Invalid."""
    return RunFilter(
        statuses=tuple(params.choices("status", JobStatus)),
        origin=params.choice("origin", Origin),
        started_after=parse_time(params, "startedAfter"),
        started_before=parse_time(params, "startedBefore"),
    )


def parse_time(params: Params, name: str) -> Millis | None:
    """The time in a query parameter, which is an ISO 8601 timestamp. Raises Invalid."""
    text = params.text(name)
    if text is None:
        return None
    try:
        return parse_timestamp(text)
    except ValueError as problem:
        raise Invalid(
            "invalid-parameter", f"Query parameter '{name}' is not a valid ISO 8601 timestamp: '{text}'"
        ) from problem


async def _run_filter(request: Request) -> RunFilter:
    return parse_run_filter(Params(request))


RunFilterQuery = Annotated[RunFilter, Depends(_run_filter)]


def _dev_folder(params: Params, caller: Caller) -> bool | None:
    """Anyone can leave the folder out. Only the operator can mount the one of the build. Raises Forbidden."""
    is_wanted = params.flag("devFolder")
    if is_wanted and not caller.has_control_token:
        raise Forbidden("insufficient-permissions", "Only the server's operator can mount a local folder")
    return is_wanted


def _debug_port(params: Params, caller: Caller) -> int | None:
    """The port for a debugger, which can do everything that the Actor can. Raises Forbidden, Invalid."""
    port = params.integer("greenroomDebugPort")
    if port is None:
        return None
    if not caller.has_control_token:
        raise Forbidden("insufficient-permissions", "Only the server's operator can debug a run")
    if not MIN_DEBUG_PORT <= port <= MAX_PORT:
        raise Invalid(
            "invalid-input", f"Query parameter 'greenroomDebugPort' must be from {MIN_DEBUG_PORT} to {MAX_PORT}"
        )
    return port
