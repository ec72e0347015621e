"""Fits: searches for the memory that an Actor needs."""

from __future__ import annotations

from cli.client.checks import JSON_BODY
from cli.client.transport import Transport
from runtime.base.json_text import JsonDict, dumps

START_SECS = 120.0
"""Inputs can take long to validate."""
WAIT_SECS = 5
RESPONSE_SECS = 60.0


class FitsClient:
    """The fits of the user."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def start(self, order: JsonDict, params: JsonDict) -> JsonDict:
        """Start a fit; `params` are those of the Run Actor endpoint."""
        content = dumps(order)  # an input may contain half surrogate pairs
        return self._transport.local(
            "POST", "/greenroom/fits", START_SECS, params=params, content=content, headers=JSON_BODY
        )

    def wait(self, fit: JsonDict) -> JsonDict:
        """Return the fit when it has changed or ended, or after some seconds."""
        params = {"after": fit["changes"], "waitSecs": WAIT_SECS}
        return self._transport.local("GET", f"/greenroom/fits/{fit['id']}", RESPONSE_SECS, params=params)

    def stop(self, fit_id: str) -> JsonDict:
        """Stop the fit, and return it before its runs have ended."""
        return self._transport.local("POST", f"/greenroom/fits/{fit_id}/stop", RESPONSE_SECS)
