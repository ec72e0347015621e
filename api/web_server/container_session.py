"""The HTTP client for the web servers in containers, and the errors that it raises."""

from __future__ import annotations

from http import HTTPStatus

import aiohttp

from api.web_server.server_options import MAX_HEADER_BYTES
from runtime.base.errors import BadGateway

CONNECT_TIMEOUT_SECS = 5.0
FINAL_STATUSES = range(200, 600)
"""The statuses that end an exchange. Of the lower ones, aiohttp returns only a 101 that was not requested."""


def open_session() -> aiohttp.ClientSession:
    """A client that sends requests unchanged, each over a connection of its own.

    A container may close a connection just when it is used again. A request that cannot be repeated would fail then.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, force_close=True),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=("accept", "accept-encoding", "content-type", "user-agent"),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_SECS),
        max_line_size=MAX_HEADER_BYTES,
        max_field_size=MAX_HEADER_BYTES,
        middlewares=(_send_once, _reject_redirected_handshake),
    )


async def _send_once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Raise our own errors. On its own errors, aiohttp would send an idempotent request a second time."""
    address = f"{request.url.host}:{request.url.port}"
    hint = "The Actor must run an HTTP server on the port in ACTOR_WEB_SERVER_PORT, listening on 0.0.0.0."
    try:
        return await send(request)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as problem:
        message = f"Nothing listens on port {request.url.port} of this run's container ({address}). {hint}"
        raise BadGateway("web-server-not-listening", message) from problem
    except aiohttp.WSServerHandshakeError:
        raise
    except aiohttp.ClientError as problem:
        reason = str(problem) or type(problem).__name__
        message = f"The run's web server at {address} gave no valid HTTP answer: {reason}. {hint}"
        raise BadGateway("web-server-not-answering", message) from problem


async def _reject_redirected_handshake(
    request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Raise the container's response to a WebSocket handshake that it did not accept, before aiohttp follows it."""
    response = await send(request)
    if "upgrade" in request.headers and response.status != HTTPStatus.SWITCHING_PROTOCOLS:
        info, headers = response.request_info, response.headers
        response.close()
        raise aiohttp.WSServerHandshakeError(info, (), status=response.status, headers=headers)
    return response
