"""The orchestrator that serves a request."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from runtime.orchestrator import Orchestrator


def orchestrator_of(connection: HTTPConnection) -> Orchestrator:
    """The orchestrator of the application that received this request."""
    orchestrator: Orchestrator = connection.app.state.orchestrator
    return orchestrator
