"""/greenroom/runs/{run}/shell: a WebSocket to a process in a run's container.

The first message of the client is a ShellOrder as JSON. The server answers `{"started": true}` or `{"error": ...}`.
Then binary messages of the client are input, and an empty one ends it. A text message `{"columns": N, "rows": N}` sets
the size of the terminal. Binary messages of the server are output: the first byte is 1 for standard output and 2 for
standard error. Its last message is `{"exitCode": N}`.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.status import WS_1008_POLICY_VIOLATION
from starlette.websockets import WebSocket, WebSocketDisconnect

from api.request.callers import authenticated_caller, check_control_token
from api.request.dependencies import orchestrator_of
from api.request.path_records import find_own_run
from api.response.local_controls import ShellOrder, TerminalSize
from runtime.base.errors import GreenroomError
from runtime.runs.shells import Exec, start_process

END_SECS = 1.0
"""How long the end of the input may take. A process that does not read its input cannot get it."""

router = APIRouter()


@router.websocket("/greenroom/runs/{run}/shell")
async def open_shell(socket: WebSocket, run: str) -> None:
    """Start a process in a run's container, and relay its input and output. Needs the token in server.json."""
    try:
        socket.app.state.identify_caller(socket.scope)
        check_control_token(socket)
    except GreenroomError:
        await socket.close(WS_1008_POLICY_VIOLATION)
        return
    await socket.accept()
    try:
        order = ShellOrder.model_validate_json(await socket.receive_text())
        process = await _start(socket, run, order)
    except ValidationError as problem:
        await _reject(socket, "invalid-input", str(problem.errors()[0]["msg"]))
    except GreenroomError as problem:
        await _reject(socket, problem.slug, problem.message)
    except (WebSocketDisconnect, KeyError):  # the client left, or its first message is not text
        return
    else:
        await _relay(socket, process)


async def _start(socket: WebSocket, run: str, order: ShellOrder) -> Exec:
    orchestrator = orchestrator_of(socket)
    record = find_own_run(socket, run, authenticated_caller(socket))
    process = await start_process(
        orchestrator.live_runs,
        record,
        order.command,
        has_terminal=order.terminal is not None,
        environment={} if order.terminal is None else {"TERM": order.term},
    )
    if order.terminal is not None:
        await process.resize(order.terminal.columns, order.terminal.rows)
    return process


async def _reject(socket: WebSocket, slug: str, message: str) -> None:
    await socket.send_json({"error": {"type": slug, "message": message}})
    await socket.close()


async def _relay(socket: WebSocket, process: Exec) -> None:
    """Relay until the process ends or the client disconnects. Then the input of a process that still runs ends."""
    tasks = {asyncio.create_task(_send_output(socket, process)), asyncio.create_task(_receive_input(socket, process))}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(END_SECS):
                    await process.end_input()
        finally:
            for task in tasks:
                task.cancel()
            process.close()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _send_output(socket: WebSocket, process: Exec) -> None:
    await socket.send_json({"started": True})
    async for chunk in process.output():
        await socket.send_bytes(bytes([chunk.stream]) + chunk.data)
    await socket.send_json({"exitCode": await process.exit_code()})
    await socket.close()


async def _receive_input(socket: WebSocket, process: Exec) -> None:
    while (message := await socket.receive())["type"] != "websocket.disconnect":
        if message.get("text") is not None:
            size = TerminalSize.model_validate_json(message["text"])
            await process.resize(size.columns, size.rows)
        elif message["bytes"]:
            await process.write(message["bytes"])
        else:
            await process.end_input()
