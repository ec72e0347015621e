"""Errors are translated into HTTP responses here, and only here. Clients never get an error body of the framework.

Requests that start a run get the slugs of that endpoint's own reference page, which differ from the rest of the API.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Coroutine, Iterable
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

from api.request.callers import CALLER
from api.request.dependencies import orchestrator_of
from api.response.envelopes import json_response
from runtime.base import errors
from runtime.base.errors import Forbidden, GreenroomError, Invalid, MethodNotAllowed, NotFound
from runtime.base.storage_errors import STORAGE_ERRORS, storage_unavailable

log = logging.getLogger("greenroom.api")

STATUSES: dict[type[GreenroomError], HTTPStatus] = {
    errors.Invalid: HTTPStatus.BAD_REQUEST,
    errors.Unauthorized: HTTPStatus.UNAUTHORIZED,
    errors.LimitReached: HTTPStatus.PAYMENT_REQUIRED,
    errors.Forbidden: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.MethodNotAllowed: HTTPStatus.METHOD_NOT_ALLOWED,
    errors.RunTooSlow: HTTPStatus.REQUEST_TIMEOUT,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.UriTooLong: HTTPStatus.REQUEST_URI_TOO_LONG,
    errors.UnsupportedEncoding: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.TooManyRequests: HTTPStatus.TOO_MANY_REQUESTS,
    errors.EngineError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.BadGateway: HTTPStatus.BAD_GATEWAY,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.GatewayTimeout: HTTPStatus.GATEWAY_TIMEOUT,
    errors.StorageUnavailable: HTTPStatus.INSUFFICIENT_STORAGE,
    errors.StorageDamaged: HTTPStatus.INTERNAL_SERVER_ERROR,
}

STARTING_A_RUN = re.compile(r"/v2/actors/[^/]+/(runs|run-sync|run-sync-get-dataset-items)/?")
STARTING_SLUGS = {
    "token-not-provided": ("token-not-valid", "Authentication token is not valid."),
    "invalid-token": ("token-not-valid", "Authentication token is not valid."),
    "origin-not-allowed": ("permission-denied", None),
    "record-not-found": ("actor-not-found", None),
    "invalid-parameter": ("invalid-input", None),
    "invalid-request": ("invalid-input", None),
}

MAX_REJECTION_CHARS = 500
"""An Actor can send paths of 64 KB, and its run's record is written every second."""
ERROR_HANDLED = "greenroom.error_handled"
"""Set in the scope of a request whose unexpected error was logged and answered."""


def error_response(problem: GreenroomError, scope: Scope) -> Response:
    """The platform's error object for a problem with this request."""
    slug, message = _slug_and_message(problem, scope)
    body: dict[str, Any] = {"type": slug, "message": message}
    if problem.data is not None:
        body["data"] = problem.data
    response = json_response({"error": body}, STATUSES[type(problem)])
    if isinstance(problem, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(problem.allowed)
    return response


def internal_error(problem: Exception, scope: Scope) -> Response:
    """The response to an unexpected error. The log gets the traceback, the client does not."""
    if isinstance(problem.__cause__, GreenroomError):  # Starlette cannot replace a response that has been started
        log.warning("%s %s: the response is incomplete: %s", scope["method"], scope["path"], problem.__cause__.message)
        return error_response(problem.__cause__, scope)
    unavailable = storage_unavailable(problem)
    if unavailable is not None:
        log.warning("%s %s: %s", scope.get("method", "WEBSOCKET"), scope["path"], problem)
        return error_response(unavailable, scope)
    log.error("%s %s failed", scope.get("method", "WEBSOCKET"), scope["path"], exc_info=problem)
    message = "Greenroom failed to answer this request; its log has the details."
    return json_response({"error": {"type": "internal-server-error", "message": message}}, 500)


async def handle_greenroom_error(request: Request, problem: GreenroomError) -> Response:
    if isinstance(problem, Forbidden):
        await _record_rejection(request, problem)
    return error_response(problem, request.scope)


async def handle_unexpected_error(request: Request, problem: Exception) -> Response:
    request.scope[ERROR_HANDLED] = True
    return internal_error(problem, request.scope)


async def handle_client_disconnect(request: Request, problem: ClientDisconnect) -> Response:
    """The client disconnected while it was sending. No one reads this response, and nothing is logged."""
    return Response(status_code=400)


async def handle_routing_error(request: Request, problem: HTTPException) -> Response:
    """No route has this path, or none has it with this method."""
    return error_response(routing_error(request.app.routes, request.scope), request.scope)


async def handle_invalid_parameter(request: Request, problem: RequestValidationError) -> Response:
    """A local control got a parameter of the wrong type. Parameters of the platform's API are parsed by `Params`."""
    first = problem.errors()[0]
    message = f"Parameter '{first['loc'][-1]}' is not valid: {first['msg']}"
    return error_response(Invalid("invalid-parameter", message), request.scope)


ERROR_HANDLERS: dict[int | type[Exception], Callable[[Request, Any], Coroutine[Any, Any, Response]]] = {
    GreenroomError: handle_greenroom_error,
    HTTPException: handle_routing_error,
    RequestValidationError: handle_invalid_parameter,
    ClientDisconnect: handle_client_disconnect,
    Exception: handle_unexpected_error,
}


async def _record_rejection(request: Request, problem: Forbidden) -> None:
    """Record in the calling run that its permissions did not allow this request: it may be why the run fails."""
    caller = request.scope.get(CALLER)
    if caller is None or caller.run is None:
        return
    try:
        shown = f"{request.method} {request.url.path}: {problem.message}"
        await orchestrator_of(request).runs.record_rejection(caller.run.id, shown[:MAX_REJECTION_CHARS])
    except (NotFound, *STORAGE_ERRORS) as failure:
        log.warning("A rejected request of run %s could not be recorded: %s", caller.run.id, failure)


def _slug_and_message(problem: GreenroomError, scope: Scope) -> tuple[str, str]:
    if scope.get("method") != "POST" or not STARTING_A_RUN.fullmatch(scope["path"]):
        return problem.slug, problem.message
    slug, message = STARTING_SLUGS.get(problem.slug, (problem.slug, None))
    return slug, message or problem.message


def check_routing(routes: Iterable[BaseRoute], scope: Scope) -> None:
    """Raises the error for a request whose path or method no route has."""
    if not any(route.matches(scope)[0] is Match.FULL for route in routes):
        raise routing_error(routes, scope)


def routing_error(routes: Iterable[BaseRoute], scope: Scope) -> GreenroomError:
    """The error for a path that no route has, or that no route has with this method."""
    allowed = ["OPTIONS", *sorted(_allowed_methods(routes, scope))]
    if len(allowed) > 1:
        message = f"This API end-point can only be accessed using the following HTTP methods: {','.join(allowed)}"
        return MethodNotAllowed("method-not-allowed", message, allowed)
    path = scope["path"]
    # Clients print links to pages of the Apify Console, and assume that these are at the API's address.
    hint = "" if path.startswith("/v2/") else ": the API is below /v2/, and the web console is for browsers"
    return NotFound("page-not-found", f"There is no API endpoint at {path}{hint}")


def _allowed_methods(routes: Iterable[BaseRoute], scope: Scope) -> set[str]:
    fitting = (route for route in routes if isinstance(route, Route) and route.matches(scope)[0] is not Match.NONE)
    return {method for route in fitting for method in route.methods or ()}
