"""/v2/schedules"""

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from api.lazy_routes import Router
from api.request.bodies import read_object
from api.request.callers import FullCaller
from api.request.dependencies import orchestrator_of
from api.request.params import PagingQuery
from api.request.parsing.schedules import parse_schedule_fields
from api.request.path_records import OwnSchedule
from api.response import serializers
from api.response.envelopes import created_response, data_response, no_content
from api.response.pages import find_page
from runtime.base.errors import Invalid

router = Router(prefix="/v2/schedules")


@router.get("")
async def list_schedules(request: Request, caller: FullCaller, paging: PagingQuery) -> Response:
    find = partial(orchestrator_of(request).schedules.page, caller.user)
    return find_page(paging, find, serializers.schedule_in_list)


@router.post("")
async def create_schedule(request: Request, caller: FullCaller) -> Response:
    orchestrator, fields = orchestrator_of(request), parse_schedule_fields(await read_object(request))
    if "cron_expression" not in fields:
        raise Invalid("invalid-value", "Field 'cronExpression' is required")
    schedule = await orchestrator.schedules.create(caller.user, **{"name": None, **fields})
    location = f"{orchestrator.addresses.public_base}/v2/schedules/{schedule.id}"
    return created_response(serializers.schedule(schedule), location)


@router.get("/{schedule}")
async def get_schedule(schedule: OwnSchedule) -> Response:
    return data_response(serializers.schedule(schedule))


@router.put("/{schedule}")
async def update_schedule(request: Request, caller: FullCaller, schedule: OwnSchedule) -> Response:
    """Change the fields in the body. All other fields stay unchanged."""
    fields = parse_schedule_fields(await read_object(request), schedule)
    changed = await orchestrator_of(request).schedules.update(caller.user, schedule, **fields)
    return data_response(serializers.schedule(changed))


@router.delete("/{schedule}")
async def delete_schedule(request: Request, schedule: OwnSchedule) -> Response:
    await orchestrator_of(request).schedules.delete(schedule)
    return no_content()


@router.get("/{schedule}/log")
async def get_log(request: Request, schedule: OwnSchedule) -> Response:
    """The log is an array, not a page."""
    log = orchestrator_of(request).schedules.log(schedule)
    return data_response([serializers.schedule_log_entry(each) for each in log])
