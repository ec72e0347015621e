"""/greenroom/schedule-times: when a schedule would run, for people who write its cron expression."""

from __future__ import annotations

from functools import partial
from itertools import islice

from fastapi import Depends
from pydantic import Field
from starlette.requests import Request

from api.lazy_routes import Router
from api.request.callers import FullCaller
from api.request.dependencies import orchestrator_of
from api.request.params import Params
from api.request.security_schemes import user_token
from api.response.local_controls import ErrorEnvelope, LocalModel
from runtime.base.background import in_background
from runtime.base.clock import Millis, iso
from runtime.base.errors import Invalid
from runtime.schedules.cron import cron

DEFAULT_COUNT = 5
MAX_COUNT = 100
PARAMETERS = [
    {
        "name": "cronExpression",
        "in": "query",
        "required": True,
        "description": "5 or 6 fields, or one of the shortcuts such as `@daily`.",
        "schema": {"type": "string"},
    },
    {
        "name": "timezone",
        "in": "query",
        "description": "A name of the IANA database.",
        "schema": {"type": "string", "default": "UTC"},
    },
    {
        "name": "count",
        "in": "query",
        "description": "How many times are returned.",
        "schema": {"type": "integer", "minimum": 1, "maximum": MAX_COUNT, "default": DEFAULT_COUNT},
    },
]


class ScheduleTimes(LocalModel):
    """The next times of a cron expression."""

    times: tuple[str, ...] = Field(
        description="ISO 8601 timestamps, the next one first. Fewer than requested if no more match within 50 years."
    )


router = Router(responses={"4XX": {"model": ErrorEnvelope, "description": "The request was rejected."}})


@router.get("/greenroom/schedule-times", dependencies=[Depends(user_token)], openapi_extra={"parameters": PARAMETERS})
async def get_schedule_times(request: Request, caller: FullCaller) -> ScheduleTimes:
    """Show the next times of a cron expression after the time of the schedules' clock."""
    params = Params(request)
    expression, timezone = params.text("cronExpression"), params.text("timezone") or "UTC"
    if expression is None:
        raise Invalid("invalid-parameter", "Query parameter 'cronExpression' is required")
    count = min(params.integer("count", minimum=1) or DEFAULT_COUNT, MAX_COUNT)
    now = orchestrator_of(request).advanceable_clock.now()
    return ScheduleTimes(times=await in_background(partial(_times, expression, timezone, now, count)))


def _times(expression: str, timezone: str, now: Millis, count: int) -> tuple[str, ...]:
    """Raises Invalid if the expression or the time zone is not valid."""
    times, at = cron(expression, timezone), now

    def following() -> Millis | None:
        nonlocal at
        found = times.next_after(at)
        at = found or at
        return found

    return tuple(iso(each) for each in islice(iter(following, None), count))
