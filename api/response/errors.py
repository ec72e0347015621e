"""The one translation of errors into HTTP, so that no framework's own error body ever leaks.

Starting a run answers with the slugs of its own reference page, everything else with those of the rest of the API.
"""

from __future__ import annotations

import logging
import re
from http import HTTPStatus
from typing import Any

from starlette.responses import Response
from starlette.types import Scope

from api.response.envelopes import json_response
from runtime.base import errors
from runtime.base.errors import GreenroomError

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
    errors.UnsupportedEncoding: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.TooManyRequests: HTTPStatus.TOO_MANY_REQUESTS,
    errors.EngineError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.BadGateway: HTTPStatus.BAD_GATEWAY,
}

STARTING_A_RUN = re.compile(r"/v2/actors/[^/]+/(runs|run-sync|run-sync-get-dataset-items)/?")
STARTING_SLUGS = {
    "token-not-provided": ("token-not-valid", "Authentication token is not valid."),
    "invalid-token": ("token-not-valid", "Authentication token is not valid."),
    "origin-not-allowed": ("permission-denied", None),
    "record-not-found": ("actor-not-found", "Actor was not found"),
    "invalid-parameter": ("invalid-input", None),
    "invalid-request": ("invalid-input", None),
}


def error_response(problem: GreenroomError, scope: Scope) -> Response:
    """The platform's error object for a problem met while answering `scope`."""
    slug, message = _spoken(problem, scope)
    body: dict[str, Any] = {"type": slug, "message": message}
    if problem.data is not None:
        body["data"] = problem.data
    return json_response({"error": body}, STATUSES[type(problem)])


def internal_error(problem: Exception, scope: Scope) -> Response:
    """A fault of ours: logged with its trace, told without it."""
    log.error("%s %s failed", scope.get("method", "WEBSOCKET"), scope["path"], exc_info=problem)
    message = "Greenroom failed to answer this request; its log has the details."
    return json_response({"error": {"type": "internal-server-error", "message": message}}, 500)


def _spoken(problem: GreenroomError, scope: Scope) -> tuple[str, str]:
    if scope.get("method") != "POST" or not STARTING_A_RUN.fullmatch(scope["path"]):
        return problem.slug, problem.message
    slug, message = STARTING_SLUGS.get(problem.slug, (problem.slug, None))
    return slug, message or problem.message
