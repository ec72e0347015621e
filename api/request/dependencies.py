"""What a handler works with: the joined parts of the instance."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from runtime.orchestrator import Orchestrator


def orchestrator_of(connection: HTTPConnection) -> Orchestrator:
    """The instance that the application of this request serves."""
    orchestrator: Orchestrator = connection.app.state.orchestrator
    return orchestrator
