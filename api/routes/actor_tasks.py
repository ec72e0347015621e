"""/v2/actor-tasks: tasks, and the runs started from them."""

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from api.lazy_routes import Router
from api.request.bodies import read_object
from api.request.callers import FullCaller
from api.request.dependencies import orchestrator_of
from api.request.params import PagingQuery
from api.request.parsing.fields import field
from api.request.parsing.runs import RunFilterQuery
from api.request.parsing.tasks import parse_task_fields
from api.request.path_records import OwnTask
from api.response.envelopes import created_response, data_response, json_response, no_content
from api.response.pages import find_page, runs_page, webhooks_page
from api.response.presenters import present_task, present_task_in_list
from api.routes.creating_webhooks import create_webhook_from_body
from api.routes.starting_runs import RunStart
from runtime.base.errors import Invalid
from runtime.base.records import WebhookCondition

router = Router(prefix="/v2/actor-tasks")


@router.get("")
async def list_tasks(request: Request, caller: FullCaller, paging: PagingQuery) -> Response:
    orchestrator = orchestrator_of(request)
    find, present = partial(orchestrator.tasks.page, caller.user), partial(present_task_in_list, orchestrator)
    return find_page(paging, find, present)


@router.post("")
async def create_task(request: Request, caller: FullCaller) -> Response:
    orchestrator, body = orchestrator_of(request), await read_object(request)
    actor = field(body, "actId", str)
    if actor is None:
        raise Invalid("invalid-value", "Field 'actId' is required: the id or name of the task's Actor")
    fields = parse_task_fields(body, orchestrator.clock.now())
    name = fields.pop("name", None)
    task = await orchestrator.tasks.create(caller.user, actor.replace("/", "~", 1), name, **fields)
    location = f"{orchestrator.addresses.public_base}/v2/actor-tasks/{task.id}"
    return created_response(present_task(orchestrator, task), location)


@router.get("/{task}")
async def get_task(request: Request, task: OwnTask) -> Response:
    return data_response(present_task(orchestrator_of(request), task))


@router.put("/{task}")
async def update_task(request: Request, task: OwnTask) -> Response:
    """Change the fields in the body. All other fields stay unchanged."""
    orchestrator, body = orchestrator_of(request), await read_object(request)
    changed = await orchestrator.tasks.update(task, **parse_task_fields(body, orchestrator.clock.now(), task))
    return data_response(present_task(orchestrator, changed))


@router.delete("/{task}")
async def delete_task(request: Request, task: OwnTask) -> Response:
    orchestrator = orchestrator_of(request)
    await orchestrator.tasks.delete(task)
    await orchestrator.webhooks.delete_of_task(task.id)
    return no_content()


@router.get("/{task}/input")
async def get_input(task: OwnTask) -> Response:
    """The input itself, without the usual envelope."""
    return json_response(task.input or {})


@router.put("/{task}/input")
async def set_input(request: Request, task: OwnTask) -> Response:
    changed = await orchestrator_of(request).tasks.update(task, input=await read_object(request))
    return json_response(changed.input)


@router.get("/{task}/runs")
async def list_runs(
    request: Request, caller: FullCaller, task: OwnTask, run_filter: RunFilterQuery, paging: PagingQuery
) -> Response:
    return runs_page(orchestrator_of(request), caller.user, task, run_filter, paging)


@router.post("/{task}/runs")
async def start_run(task: OwnTask, start: RunStart) -> Response:
    return await start.respond_with_run(task)


@router.api_route("/{task}/run-sync", methods=["GET", "POST"])
async def run_sync(task: OwnTask, start: RunStart) -> Response:
    return await start.respond_with_output(task)


@router.api_route("/{task}/run-sync-get-dataset-items", methods=["GET", "POST"])
async def run_sync_get_dataset_items(task: OwnTask, start: RunStart) -> Response:
    return await start.respond_with_items(task)


@router.get("/{task}/webhooks")
async def list_webhooks(request: Request, caller: FullCaller, task: OwnTask, paging: PagingQuery) -> Response:
    return webhooks_page(orchestrator_of(request), caller.user, task, paging)


@router.post("/{task}/webhooks")
async def create_webhook(request: Request, caller: FullCaller, task: OwnTask) -> Response:
    """Clients create webhooks on the path that lists them. The webhook is on this task, whatever its body contains."""
    return await create_webhook_from_body(request, caller, WebhookCondition(actor_task_id=task.id))
