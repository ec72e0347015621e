"""Converts error responses of the API to command errors."""

from __future__ import annotations

import httpx

from cli.errors import COMMAND_FAILED, INVALID_INPUT, CommandError

UNAUTHORIZED = 401
NOT_FOUND = 404
INVALID = frozenset({400, 413})
"""The user's input is invalid or too large: the Actor's input, its name, its version."""
SHOWN_BODY_CHARS = 500
FINISHED_ADVICE = "List the live runs with `greenroom ps`. A finished run continues with `greenroom resurrect RUN`."

ADVICE = {
    "job-finished": FINISHED_ADVICE,
    "run-not-live": FINISHED_ADVICE,
}
"""What to type next, by the type of the API's error."""
WRONG_INPUT = "Input is not valid: "
"""How the message begins if the input of an Actor does not match its schema. Other errors have the same type."""
INPUT_ADVICE = "Pass a corrected input with -i, as JSON or as in -i @input.json."


class ApiError(CommandError):
    """The server returned an error of the API."""


class RecordNotFound(ApiError):
    """404: the record does not exist."""


def error_of(response: httpx.Response) -> ApiError:
    """Return the error for a response with an error status."""
    code, message = _type_and_message(response)
    if response.status_code == NOT_FOUND:
        return RecordNotFound(message, code=code)
    if response.status_code == UNAUTHORIZED:
        return ApiError(f"The server rejected the token of this command: {message}", code=code)
    exit_code = INVALID_INPUT if response.status_code in INVALID else COMMAND_FAILED
    return ApiError(message, advice_on(code, message), exit_code=exit_code, code=code)


def advice_on(code: str, message: str) -> str:
    """Return what to type next after an error of the API with this type and message, or an empty text."""
    return INPUT_ADVICE if message.startswith(WRONG_INPUT) else ADVICE.get(code, "")


def _type_and_message(response: httpx.Response) -> tuple[str, str]:
    """Return the API's error, or the beginning of the body if it has another form."""
    try:
        error = response.json()["error"]
        return str(error["type"]), str(error["message"])
    except (ValueError, KeyError, TypeError):
        request, body = response.request, response.text[:SHOWN_BODY_CHARS]
        return "unexpected-response", f"{request.method} {request.url} returned {response.status_code}: {body}"
