"""/greenroom/runs/{run}/shell: a WebSocket to a process in a run's container.

The first message of the client is a ShellOrder as JSON. The server answers `{"started": true}` or `{"error": ...}`.
Then binary messages of the client are input, and an empty one ends it. A text message `{"columns": N, "rows": N}` sets
the size of the terminal. Binary messages of the server are output: the first byte is 1 for standard output and 2 for
standard error. Its last message is `{"exitCode": N}`.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from pydantic import ValidationError
from starlette.status import WS_1008_POLICY_VIOLATION
from starlette.types import Message
from starlette.websockets import WebSocket, WebSocketDisconnect

from api.lazy_routes import Router
from api.request.callers import authenticated_caller, check_control_token
from api.request.dependencies import orchestrator_of
from api.request.path_records import find_own_run
from api.response.local_controls import ShellOrder, TerminalSize
from runtime.base.errors import GreenroomError
from runtime.runs.shells import Exec, start_process

END_SECS = 1.0
"""How long the end of the input may take. A process that does not read its input cannot get it."""

MAX_WAITING = 64
"""How many messages wait for the process. Then the client has to wait, too."""

logger = logging.getLogger("greenroom.api")
router = Router()


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
    first = await socket.receive()
    if first["type"] == "websocket.disconnect":
        return
    try:
        process = await _start(socket, run, ShellOrder.model_validate_json(first.get("text") or ""))
    except ValidationError as problem:
        await _reject(socket, "invalid-input", str(problem.errors()[0]["msg"]))
    except GreenroomError as problem:
        await _reject(socket, problem.slug, problem.message)
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
    waiting: asyncio.Queue[Message] = asyncio.Queue(MAX_WAITING)
    relays = _send_output(socket, process), _receive(socket, waiting), _send_input(waiting, process)
    tasks = [asyncio.create_task(each) for each in relays]
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
        for problem in await asyncio.gather(*tasks, return_exceptions=True):
            await _end_after(socket, problem)


async def _end_after(socket: WebSocket, problem: BaseException | None) -> None:
    """Close the connection after an error of a relay. A client that has left has none."""
    if isinstance(problem, ValidationError):
        with suppress(RuntimeError):  # it is closed already
            await socket.close(WS_1008_POLICY_VIOLATION, str(problem.errors()[0]["msg"]))
    elif isinstance(problem, Exception) and not isinstance(problem, WebSocketDisconnect):
        logger.error("A shell of run %s failed", socket.path_params["run"], exc_info=problem)


async def _send_output(socket: WebSocket, process: Exec) -> None:
    await socket.send_json({"started": True})
    async for chunk in process.output():
        await socket.send_bytes(bytes([chunk.stream]) + chunk.data)
    await socket.send_json({"exitCode": await process.exit_code()})
    await socket.close()


async def _receive(socket: WebSocket, waiting: asyncio.Queue[Message]) -> None:
    """Receive until the client disconnects. A process that does not read its input must not delay that."""
    while (message := await socket.receive())["type"] != "websocket.disconnect":
        await waiting.put(message)


async def _send_input(waiting: asyncio.Queue[Message], process: Exec) -> None:
    while True:
        message = await waiting.get()
        if message.get("text") is not None:
            size = TerminalSize.model_validate_json(message["text"])
            await process.resize(size.columns, size.rows)
        elif message["bytes"]:
            await process.write(message["bytes"])
        else:
            await process.end_input()
