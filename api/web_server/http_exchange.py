"""Forwarding HTTP: the request to the container, and its response to the client, while both are streamed."""

from __future__ import annotations

import asyncio
import logging

from starlette.types import Receive, Send

from api.connections.http_protocol import SWITCH
from api.web_server.client_connection import Upload, cancel, while_connected
from api.web_server.forwarding import ForwardedRequest, Target
from api.web_server.splice import splice
from runtime.base.errors import BadGateway
from runtime.container_http.connection import ContainerConnection, NotListening
from runtime.container_http.response import ContainerResponse, InvalidResponse

log = logging.getLogger("greenroom.web_server")

CONNECT_TIMEOUT_SECS = 5.0
NOT_LISTENING = "web-server-not-listening"
"""The error of a request of which nothing was read or sent."""
FINAL_STATUSES = range(200, 600)
HINT = "The Actor must run an HTTP server on the port in ACTOR_WEB_SERVER_PORT, listening on 0.0.0.0."


async def forward(request: ForwardedRequest, receive: Receive, send: Send) -> None:
    """Forward one request and its response. It ends early if the client disconnects. Raises BadGateway."""
    upload = Upload(receive, request.has_body)
    async with await _connect(request.target) as connection:
        exchange = _exchange(connection, request, upload, send)
        response = await while_connected(exchange, upload.wait_for_disconnect())
        if response is not None and response.after_upgrade is not None:
            switched = request.scope["extensions"][SWITCH](request.switching_head(response.headers))
            await splice(switched, connection, response.after_upgrade)


async def _connect(target: Target) -> ContainerConnection:
    try:
        return await ContainerConnection.open(target.host, target.port, CONNECT_TIMEOUT_SECS)
    except NotListening as problem:
        where = f"port {target.port} of this run's container ({target.host}:{target.port})"
        raise BadGateway(NOT_LISTENING, f"Nothing listens on {where}: {problem}. {HINT}") from problem


async def _exchange(
    connection: ContainerConnection, request: ForwardedRequest, upload: Upload, send: Send
) -> ContainerResponse:
    connection.write(request.head())
    uploading = asyncio.ensure_future(_send_body(connection, request, upload)) if request.has_body else None
    try:
        response = await _read_head(connection, request)
        if response.after_upgrade is None:
            await _send_response(response, request, send)
        return response
    finally:
        if uploading is not None:
            await cancel(uploading)


async def _send_body(connection: ContainerConnection, request: ForwardedRequest, upload: Upload) -> None:
    """Send the body until the container stops reading. What it responds then decides, so errors are ignored here."""
    is_chunked = request.is_chunked
    try:
        async for piece in upload.pieces():
            connection.write(b"%x\r\n%b\r\n" % (len(piece), piece) if is_chunked else piece)
            await connection.drain()
        if is_chunked and not upload.is_disconnected:
            connection.write(b"0\r\n\r\n")
    except ConnectionError as problem:
        log.debug("The web server at %s does not read the request: %s", request.target, problem)


async def _read_head(connection: ContainerConnection, request: ForwardedRequest) -> ContainerResponse:
    response = ContainerResponse(connection, request.scope["method"])
    try:
        await response.read_head()
        if response.status not in FINAL_STATUSES and not (request.is_upgrade and response.after_upgrade is not None):
            raise InvalidResponse(f"the status {response.status} was not requested")
    except (InvalidResponse, ConnectionError) as problem:
        where = f"The run's web server at {request.target.host}:{request.target.port}"
        message = f"{where} gave no valid HTTP answer: {problem}. {HINT}"
        raise BadGateway("web-server-not-answering", message) from problem
    return response


async def _send_response(response: ContainerResponse, request: ForwardedRequest, send: Send) -> None:
    headers = request.response_headers(response.headers, response.status)
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    try:
        async for piece in response.pieces():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    except (InvalidResponse, ConnectionError) as problem:
        # The response stays unfinished. So uvicorn closes the connection, and the client notices the failure.
        log.warning("The web server at %s broke off its response: %s", request.target, problem)
        return
    await send({"type": "http.response.body", "body": b""})
