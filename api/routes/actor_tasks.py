"""/v2/actor-tasks: tasks, and the runs started from them."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.request import parsing
from api.request.access import caller_of
from api.request.bodies import read_object
from api.request.dependencies import orchestrator_of
from api.request.params import Params
from api.response import serializers
from api.response.envelopes import data_response, json_response, no_content, page_response
from api.response.presenters import runs_page, webhook_created, webhooks_page
from api.routes.run_endpoints import items_of_run, output_of_run, run_started
from runtime.base.errors import Invalid
from runtime.base.records import Task, TaskOptions

router = APIRouter(prefix="/v2/actor-tasks")


@router.get("")
async def list_tasks(request: Request) -> Response:
    orchestrator, user, paging = orchestrator_of(request), caller_of(request).user, Params(request).paging()
    page = orchestrator.tasks.page(user, paging)
    items = []
    for task in page.items:
        actor = orchestrator.actors.get(task.actor_id)
        items.append(serializers.task_in_list(task, user, actor, orchestrator.users.get(actor.user_id)))
    return page_response(items, page.total, paging)


@router.post("")
async def create_task(request: Request) -> Response:
    orchestrator, user, body = orchestrator_of(request), caller_of(request).user, await read_object(request)
    actor = parsing.field(body, "actId", str)
    if actor is None:
        raise Invalid("invalid-value", "Field 'actId' is required: the id or name of the task's Actor")
    fields = parsing.task_fields(body, TaskOptions())
    name = fields.pop("name", None)
    task = await orchestrator.tasks.create(user, actor.replace("/", "~", 1), name, **fields)
    location = f"{orchestrator.addresses.public_base}/v2/actor-tasks/{task.id}"
    return data_response(serializers.task(task, user), 201, {"Location": location})


@router.get("/{task}")
async def get_task(request: Request, task: str) -> Response:
    return data_response(serializers.task(_found(request, task), caller_of(request).user))


@router.put("/{task}")
async def update_task(request: Request, task: str) -> Response:
    """A patch: what the body leaves out stays."""
    record, body = _found(request, task), await read_object(request)
    changed = await orchestrator_of(request).tasks.update(record, **parsing.task_fields(body, record.options))
    return data_response(serializers.task(changed, caller_of(request).user))


@router.delete("/{task}")
async def delete_task(request: Request, task: str) -> Response:
    orchestrator, record = orchestrator_of(request), _found(request, task)
    await orchestrator.tasks.delete(record)
    await orchestrator.webhooks.delete_of_task(record.id)
    return no_content()


@router.get("/{task}/input")
async def get_input(request: Request, task: str) -> Response:
    """The input itself, without the usual envelope."""
    return json_response(_found(request, task).input or {})


@router.put("/{task}/input")
async def set_input(request: Request, task: str) -> Response:
    record, body = _found(request, task), await read_object(request)
    return json_response((await orchestrator_of(request).tasks.update(record, input=body)).input)


@router.get("/{task}/runs")
async def list_runs(request: Request, task: str) -> Response:
    return runs_page(request, _found(request, task))


@router.post("/{task}/runs")
async def start_run(request: Request, task: str) -> Response:
    return await run_started(request, _found(request, task))


@router.api_route("/{task}/run-sync", methods=["GET", "POST"])
async def run_sync(request: Request, task: str) -> Response:
    return await output_of_run(request, _found(request, task))


@router.api_route("/{task}/run-sync-get-dataset-items", methods=["GET", "POST"])
async def run_sync_get_dataset_items(request: Request, task: str) -> Response:
    return await items_of_run(request, _found(request, task))


@router.get("/{task}/webhooks")
async def list_webhooks(request: Request, task: str) -> Response:
    return webhooks_page(request, _found(request, task))


@router.post("/{task}/webhooks")
async def create_webhook(request: Request, task: str) -> Response:
    """Clients create webhooks where they list them; this one is on the task whatever its body says."""
    return await webhook_created(request, _found(request, task))


def _found(request: Request, reference: str) -> Task:
    return orchestrator_of(request).tasks.find(caller_of(request).user, reference)
