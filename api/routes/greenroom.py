"""/greenroom: Greenroom's own controls and the events sockets of runs; no paths of the platform's."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import AsyncIterator

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from api.request.access import caller_of, maybe_caller, token_of
from api.request.dependencies import orchestrator_of
from api.request.params import Params
from api.response.envelopes import data_response, json_response
from api.response.presenters import own_run, present_run
from runtime.base.addresses import EVENTS_PATH
from runtime.base.errors import Unauthorized
from runtime.runs.system_events import Event, pending

router = APIRouter()

POLICY_VIOLATION = 1008
"""The close code after which the Python SDK does not try again."""


@router.get("/greenroom/info")
async def get_info(request: Request) -> Response:
    """What this server is and enforces. Needs the token of server.json."""
    _check_control_token(request)
    return json_response(request.app.state.info())


@router.post("/greenroom/shutdown")
async def shut_down(request: Request) -> Response:
    """Begin to stop; answers how many live runs stay for the next start to adopt (none with `stopRuns`)."""
    _check_control_token(request)
    return json_response({"liveRuns": request.app.state.shut_down(Params(request).flag("stopRuns"))})


@router.post("/greenroom/runs/{run}/migrate")
async def migrate_run(request: Request, run: str) -> Response:
    """What the platform does when a worker goes away, on demand: the Actor is told, then gets a new container."""
    orchestrator = orchestrator_of(request)
    record = await orchestrator.orders.migrate(own_run(request, run, caller_of(request)))
    return data_response(present_run(orchestrator, record, maybe_caller(request)))


@router.websocket(EVENTS_PATH + "{events_key}")
async def listen_to_events(socket: WebSocket, events_key: str) -> None:
    """System events of a live run; its SDK knows the key. Anything else is accepted, then closed for good."""
    orchestrator = orchestrator_of(socket)
    run = orchestrator.runs.find_by_events_key(events_key)
    if run is None or not orchestrator.system_events.is_open(run.id):
        await socket.accept()
        await socket.close(POLICY_VIOLATION)
        return
    events = orchestrator.system_events.listen(run.id, pending(run, orchestrator.clock.now()))
    await socket.accept()
    await _relay(socket, events)


async def _relay(socket: WebSocket, events: AsyncIterator[Event]) -> None:
    """Send until the run ends or the client leaves; what the client says is read only to notice that it left."""
    tasks = {asyncio.create_task(_until_left(socket)), asyncio.create_task(_send(socket, events))}
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


async def _until_left(socket: WebSocket) -> None:
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


def _check_control_token(request: Request) -> None:
    if not hmac.compare_digest((token_of(request) or "").encode(), request.app.state.control_token.encode()):
        raise Unauthorized("invalid-token", "This needs the token that server.json in the data directory holds.")
