"""/greenroom: the local controls, which the platform does not have, and the events sockets of runs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Query
from fastapi.openapi.utils import get_openapi
from pydantic import BeforeValidator
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.status import WS_1008_POLICY_VIOLATION
from starlette.websockets import WebSocket

from api.lazy_routes import Router
from api.request.bodies import MAX_PAYLOAD_BYTES, read_object
from api.request.callers import ControlTokenOnly, FullCaller, OperatorOnly
from api.request.dependencies import orchestrator_of
from api.request.params import Params
from api.request.parsing.fields import field
from api.request.parsing.runs import parse_start_options
from api.request.parsing.versions import parse_version
from api.request.path_records import OwnBuild, OwnSchedule, find_own_run
from api.request.security_schemes import control_token, user_token
from api.request.typed_bodies import body_of, documented_body
from api.response.envelopes import JSON, LocalResponse, data_response, json_response
from api.response.local_controls import (
    CheckedStart,
    ClientLogin,
    ClockAdvanced,
    ClockAdvanceOrder,
    ErrorEnvelope,
    ExplanationEnvelope,
    FiredSchedule,
    GroupUse,
    JobExplanation,
    ProxyFault,
    ProxyFaults,
    Prunable,
    PrunableBuild,
    QueueOrder,
    RunEnvelope,
    RunProxyUse,
    ServerInfo,
    ShutdownStarted,
    SourceDefinition,
    StandInUser,
)
from api.response.local_docs import HEADERS, docs_page
from api.response.platform_openapi import platform_document
from api.response.presenters import present_run
from api.routes import (
    console,
    data_folder,
    development,
    doctor,
    fits,
    latest_jobs,
    live_events,
    log_lines,
    proxy_requests,
    queue_requests,
    run_details,
    run_lists,
    run_metrics,
    schedule_times,
    standby,
    webhook_requests,
)
from runtime import pruning
from runtime.actors.version_rules import check_version_in_thread
from runtime.base.addresses import EVENTS_PATH
from runtime.base.clock import iso
from runtime.base.json_text import dumps
from runtime.base.records import Aborter, Definition
from runtime.base.skill import skill_page
from runtime.inputs.inputs import input_of_body
from runtime.orchestrator import Orchestrator
from runtime.runs.start_check import check_start
from runtime.runs.system_events import Event, pending

if TYPE_CHECKING:
    from runtime.explanations.findings import Explanation

MAX_CHECKED_BYTES = 4 * MAX_PAYLOAD_BYTES
"""For an input, which has a limit of its own, with the definition of its Actor."""


router = Router(
    default_response_class=LocalResponse,
    responses={"4XX": {"model": ErrorEnvelope, "description": "The request was rejected."}},
)
StopRuns = Annotated[
    bool | None,
    BeforeValidator(lambda text: text or None),
    Query(alias="stopRuns", description="Whether live runs are stopped too. Without it, the server's setting decides."),
]


@router.get("/greenroom/info", dependencies=[OperatorOnly, Depends(control_token)])
async def get_info(request: Request) -> ServerInfo:
    """Show the status of the server, and which limits of runs it enforces."""
    info: ServerInfo = request.app.state.info()
    return info


@router.post("/greenroom/shutdown", dependencies=[OperatorOnly, Depends(control_token)])
async def shut_down(request: Request, stop_runs: StopRuns = None) -> ShutdownStarted:
    """Begin to shut down the server."""
    return ShutdownStarted(live_runs=request.app.state.shut_down(stop_runs))


@router.post("/greenroom/read-definition", dependencies=[ControlTokenOnly, Depends(control_token)])
async def read_definition(request: Request, caller: FullCaller) -> SourceDefinition:
    """Read and check the definition of an Actor before it is built. The body is a version, as in the platform's API."""
    orchestrator, body = orchestrator_of(request), await read_object(request)
    version = parse_version(body, caller, orchestrator.clock.now())
    await check_version_in_thread(version)
    definition = await orchestrator.builder.read_definition(version)
    return SourceDefinition.model_validate(definition)


@router.post("/greenroom/check-start", dependencies=[ControlTokenOnly, Depends(control_token)])
async def check_run_start(request: Request, caller: FullCaller) -> CheckedStart:
    """Check the input and options of a run before its Actor is built. The query is that of the Run Actor endpoint."""
    orchestrator, body = orchestrator_of(request), await read_object(request, MAX_CHECKED_BYTES)
    await check_start(
        Definition(document=field(body, "document", dict) or {}, input_schema=field(body, "inputSchema", dict)),
        input_of_body(dumps(body["input"]), JSON) if "input" in body else None,
        parse_start_options(Params(request), caller),
        strict_memory=orchestrator.settings.strict_memory,
        cap_mbytes=orchestrator.job_quota.cap_mbytes,
    )
    return CheckedStart()


@router.put("/greenroom/users/{username}", dependencies=[ControlTokenOnly, Depends(control_token)])
async def create_stand_in_user(request: Request, username: str) -> StandInUser:
    """Create a user without a token, unless a user has this name.

    Nobody can log in as this user. A request with the token in server.json can act for it, with its name in the header
    `Greenroom-User`.
    """
    user = await orchestrator_of(request).users.create_stand_in(username)
    return StandInUser(id=user.id, username=user.username)


@router.get("/greenroom/client-login", dependencies=[ControlTokenOnly, Depends(control_token)])
async def get_client_login(request: Request) -> ClientLogin:
    """Show with which token a client acts as the server's first user."""
    orchestrator = orchestrator_of(request)
    username = orchestrator.users.first().username
    tokens = (token for token, name in orchestrator.settings.users.items() if name == username)
    return ClientLogin(username=username, token=next(tokens, username))


@router.get("/greenroom/prune", dependencies=[OperatorOnly, Depends(control_token)])
async def get_prunable(request: Request) -> Prunable:
    """Show which builds no tag, Actor or live run needs, and how much their images take."""
    orchestrator = orchestrator_of(request)
    return _prunable(orchestrator, orchestrator.pruning.find())


@router.post("/greenroom/prune", dependencies=[OperatorOnly, Depends(control_token)])
async def prune(request: Request) -> Prunable:
    """Delete these builds with their images and logs, and return what was deleted."""
    orchestrator = orchestrator_of(request)
    return _prunable(orchestrator, await orchestrator.pruning.prune())


@router.post(
    "/greenroom/clock",
    dependencies=[OperatorOnly, Depends(control_token)],
    openapi_extra=documented_body(ClockAdvanceOrder),
)
async def advance_clock(
    request: Request, order: Annotated[ClockAdvanceOrder, Depends(body_of(ClockAdvanceOrder))]
) -> ClockAdvanced:
    """Advance the clock of schedules, retention and webhook retries. Live runs do not notice it."""
    advanced = await orchestrator_of(request).clock_advance.advance(round(order.advance_secs * 1000))
    return ClockAdvanced(now=iso(advanced.now), ahead_secs=advanced.ahead_millis / 1000, ticks=advanced.ticks)


@router.post("/greenroom/schedules/{schedule}/fire", dependencies=[Depends(user_token)])
async def fire_schedule(request: Request, schedule: OwnSchedule) -> FiredSchedule:
    """Start the runs of a schedule now, even if it is disabled. Its next time stays the same."""
    return FiredSchedule.model_validate(await orchestrator_of(request).scheduler.fire(schedule))


@router.post("/greenroom/runs/{run}/migrate", response_model=RunEnvelope, dependencies=[Depends(user_token)])
async def migrate_run(request: Request, caller: FullCaller, run: str) -> Response:
    """Migrate a run, as the platform does when a worker shuts down: the Actor is notified, and gets a new container."""
    orchestrator = orchestrator_of(request)
    record, by = find_own_run(request, run, caller), caller.run or Aborter.USER
    migrated = await orchestrator.orders.migrate(record, by=by)
    return data_response(present_run(orchestrator, migrated, caller))


@router.get("/greenroom/runs/{run}/proxy", dependencies=[Depends(user_token)])
async def get_proxy_use(request: Request, caller: FullCaller, run: str) -> RunProxyUse:
    """Show what a run has used of the proxy: requests, sessions and bytes of each group."""
    used = find_own_run(request, run, caller).stats.proxy
    return RunProxyUse(data={group: GroupUse.model_validate(each) for group, each in used.items()})


@router.get("/greenroom/runs/{run}/explanation", dependencies=[Depends(user_token)])
async def explain_run(request: Request, caller: FullCaller, run: str) -> ExplanationEnvelope:
    """Explain why a run ended, or what limits a live run: the causes with their evidence, the strongest first."""
    explanation = await orchestrator_of(request).explanations.of_run(find_own_run(request, run, caller))
    return _explanation(explanation)


@router.get("/greenroom/builds/{build}/explanation", dependencies=[Depends(user_token)])
async def explain_build(request: Request, build: OwnBuild) -> ExplanationEnvelope:
    """Explain why a build ended."""
    return _explanation(await orchestrator_of(request).explanations.of_build(build))


@router.get("/greenroom/proxy/faults", dependencies=[OperatorOnly, Depends(control_token)])
async def get_proxy_faults(request: Request) -> ProxyFaults:
    """List the faults that the next requests through the proxy get."""
    return _proxy_faults(orchestrator_of(request))


@router.post(
    "/greenroom/proxy/faults",
    dependencies=[OperatorOnly, Depends(control_token)],
    openapi_extra=documented_body(ProxyFault),
)
async def order_proxy_fault(
    request: Request, fault: Annotated[ProxyFault, Depends(body_of(ProxyFault))]
) -> ProxyFaults:
    """Order a fault for the next requests through the proxy."""
    orchestrator = orchestrator_of(request)
    orchestrator.proxy.order_fault(**fault.model_dump())
    return _proxy_faults(orchestrator)


@router.delete("/greenroom/proxy/faults", dependencies=[OperatorOnly, Depends(control_token)])
async def clear_proxy_faults(request: Request) -> ProxyFaults:
    """Remove all faults that have not happened yet."""
    orchestrator = orchestrator_of(request)
    orchestrator.proxy.clear_faults()
    return _proxy_faults(orchestrator)


@router.get("/greenroom/request-queues/{id}/order", dependencies=[Depends(user_token)])
async def get_order(request: Request, caller: FullCaller, id: str) -> QueueOrder:
    """List the ids of all pending requests of a queue in order. The platform's API shows the first 1000 only."""
    queues = orchestrator_of(request).request_queues
    return QueueOrder(data=await queues.pending_ids(queues.find(caller.user.id, id).id))


@router.get("/greenroom/openapi.json", include_in_schema=False)
async def getopenapi_document() -> Response:
    return json_response(openapi_document())


@router.get("/greenroom/platform-openapi.json", include_in_schema=False)
async def get_platform_openapi_document(request: Request) -> Response:
    return json_response(platform_document(request.app.routes, version("greenroom")))


@router.get("/greenroom/skill", include_in_schema=False)
async def get_skill() -> Response:
    return Response(skill_page(), media_type="text/markdown")


@router.get("/greenroom/docs", include_in_schema=False)
async def get_docs() -> Response:
    return HTMLResponse(docs_page(openapi_document()), headers=HEADERS)


@router.websocket(EVENTS_PATH + "{events_key}")
async def listen_to_events(socket: WebSocket, events_key: str) -> None:
    """Send the system events of a live run to its SDK, which knows the key. Other sockets are accepted, then closed."""
    orchestrator = orchestrator_of(socket)
    run = orchestrator.runs.find_by_events_key(events_key)
    if run is None or not orchestrator.system_events.is_open(run.id):
        await socket.accept()
        await socket.close(WS_1008_POLICY_VIOLATION)  # the Python SDK does not try again after this code
        return
    events = orchestrator.system_events.listen(run.id, pending(run, orchestrator.clock.now()))
    await socket.accept()
    await _relay(socket, events)


async def _relay(socket: WebSocket, events: AsyncIterator[Event]) -> None:
    """Send events until the run ends or the client disconnects. What the client sends is ignored."""
    tasks = {asyncio.create_task(_wait_for_disconnect(socket)), asyncio.create_task(_send(socket, events))}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _send(socket: WebSocket, events: AsyncIterator[Event]) -> None:
    async for event in events:
        await socket.send_text(json.dumps(event, separators=(",", ":")))
    await socket.close()


async def _wait_for_disconnect(socket: WebSocket) -> None:
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


LOCAL_ROUTERS = (
    console.router,
    data_folder.router,
    development.router,
    doctor.router,
    fits.router,
    latest_jobs.router,
    live_events.router,
    log_lines.router,
    proxy_requests.router,
    queue_requests.router,
    run_details.router,
    run_lists.router,
    run_metrics.router,
    schedule_times.router,
    standby.router,
    webhook_requests.router,
)
"""The other routers of the local controls."""


@cache
def openapi_document() -> dict[str, Any]:
    """Return the OpenAPI document of the local controls."""
    return get_openapi(
        title="Greenroom's local controls",
        version=version("greenroom"),
        description="The controls of this server that the platform's API does not have.",
        routes=[route for each in (router, *LOCAL_ROUTERS) for route in each.routes],
    )


def _proxy_faults(orchestrator: Orchestrator) -> ProxyFaults:
    return ProxyFaults(data=tuple(ProxyFault.model_validate(each) for each in orchestrator.proxy.faults))


def _explanation(explanation: Explanation) -> ExplanationEnvelope:
    causes = tuple({"id": each.id, **asdict(each.finding)} for each in explanation.causes)
    return ExplanationEnvelope(data=JobExplanation.model_validate({**asdict(explanation), "causes": causes}))


def _prunable(orchestrator: Orchestrator, found: pruning.Prunable) -> Prunable:
    builds = (
        PrunableBuild(
            id=build.id,
            actor_name=orchestrator.actors.get(build.actor_id).name,
            build_number=build.number,
            finished_at=iso(build.finished_at or build.started_at),
            image_size_bytes=build.image_size_bytes,
        )
        for build in found.builds
    )
    return Prunable(builds=tuple(builds), images=found.images, image_bytes=found.image_bytes)
