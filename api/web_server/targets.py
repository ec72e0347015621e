"""Which container serves a run's address."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import NamedTuple

from runtime.base.errors import BadGateway, NotFound
from runtime.container_http.target import Target
from runtime.orchestrator import Orchestrator


class _Found(NamedTuple):
    run_id: str
    container: object
    target: Target


class WebServerTargets:
    """Remembers the container of each key that was used, so most requests need neither database nor engine.

    A container counts only as long as its run uses it. So the one that replaces it gets connections of its own.
    """

    def __init__(self, orchestrator: Orchestrator) -> None:
        self._runs = orchestrator.runs
        self._live_runs = orchestrator.live_runs
        self._found: dict[str, _Found] = {}

    def find(self, web_key: str) -> Target | Awaitable[Target]:
        """The container of the run with this key. Raises NotFound, or BadGateway while there is none."""
        found = self._found.get(web_key)
        if found is not None and found.container is self._live_runs.container_of(found.run_id):
            return found.target
        self._forget_replaced()
        run = self._runs.find_by_web_key(web_key)
        if run is None:
            raise NotFound("record-not-found", "No Actor run has this web server address.")
        if run.status.is_terminal:
            raise BadGateway("run-finished", f"The Actor run {run.id} has ended ({run.status}).")
        return self._locate(web_key, run.id)

    async def _locate(self, web_key: str, run_id: str) -> Target:
        container = self._live_runs.container_of(run_id)
        address = await self._live_runs.web_server_address(run_id)
        if address is None:
            raise BadGateway("run-not-started", f"The container of Actor run {run_id} is not running yet.")
        found = self._found.get(web_key)
        if found is None or found.container is not container:  # no concurrent request was faster
            found = self._found[web_key] = _Found(run_id, container, Target(*address))
        return found.target

    def _forget_replaced(self) -> None:
        """Forget all containers that are gone, and close their idle connections."""
        for web_key, found in list(self._found.items()):
            if found.container is not self._live_runs.container_of(found.run_id):
                del self._found[web_key]
                found.target.close_idle()
