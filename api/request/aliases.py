"""Other names for the same thing: one table of rewrites, so that each operation is written once.

Spellings (`?method=`, `/v2/acts`) are rewritten before anything else looks at a request. Names of records ("the last
run", "this run's dataset") need to know who asks, so they are resolved after authentication,
each with a 404 of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.types import Scope

from api.request import parsing
from api.request.access import caller_of, limited_caller_of, maybe_caller
from api.request.params import Params
from runtime.access import permissions
from runtime.base.errors import Invalid, record_not_found
from runtime.base.records import Actor
from runtime.orchestrator import Orchestrator

RESOLVED = "/v2/actor"
"""All names of records begin like this."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def rewrite_spelling(scope: Scope) -> None:
    """`?method=PUT` overrides the method of any request; `/v2/acts` is the old word for `/v2/actors`."""
    if scope["type"] == "http":
        query: bytes = scope["query_string"]
        override = parse_qs(query.decode("latin-1")).get("method") if b"method" in query else None
        if override:
            scope["method"] = _method(override[0])
    path: str = scope["path"]
    if path == "/v2/acts" or path.startswith("/v2/acts/"):
        path = "/v2/actors" + path.removeprefix("/v2/acts")
    scope["path"] = path.rstrip("/") or "/"


class Aliases:
    """Resolves names of records to the canonical path of what they name."""

    def __init__(self, orchestrator: Orchestrator) -> None:
        self._orchestrator = orchestrator
        self._rules: tuple[tuple[re.Pattern[str], Callable[..., str]], ...] = (
            (re.compile(r"/v2/actors/([^/]+)/runs/last(/.*)?"), self._last_run),
            (re.compile(r"/v2/actor-tasks/([^/]+)/runs/last(/.*)?"), self._last_run_of_task),
            (re.compile(r"/v2/actors/([^/]+)/runs/([^/]+)(/.*)?"), self._run_of_actor),
            (re.compile(r"/v2/actors/[^/]+/builds/(?!default/)([^/]+)/openapi\.json"), self._openapi_of_build),
            (re.compile(r"/v2/actors/([^/]+)/builds/default(/.*)?"), self._default_build),
            (re.compile(r"/v2/actors/([^/]+)/builds/([^/]+)(/.*)?"), self._build_of_actor),
            (re.compile(r"/v2/actor-runs/([^/]+)/(dataset|key-value-store|request-queue|log)(/.*)?"), self._of_run),
            (re.compile(r"/v2/actor-builds/([^/]+)/log"), self._log_of_build),
        )

    def resolve(self, request: Request) -> None:
        """Rewrite the path of a request that uses other names. Raises NotFound, Unauthorized, Invalid."""
        if not request.scope["path"].startswith(RESOLVED):
            return
        for pattern, resolve in self._rules:
            match = pattern.fullmatch(request.scope["path"])
            if match:
                request.scope["path"] = resolve(request, *match.groups(default=""))

    def _last_run(self, request: Request, actor: str, rest: str) -> str:
        runs, caller = self._orchestrator.runs, limited_caller_of(request)
        run = runs.last(caller.user, self._actor(request, actor), parsing.run_filter(Params(request)))
        permissions.check_may_see_run(caller.run, run, partial(runs.has_started, caller.run))
        return f"/v2/actor-runs/{run.id}{rest}"

    def _last_run_of_task(self, request: Request, task: str, rest: str) -> str:
        user = caller_of(request).user
        record = self._orchestrator.tasks.find(user, task)
        run = self._orchestrator.runs.last(user, record, parsing.run_filter(Params(request)))
        return f"/v2/actor-runs/{run.id}{rest}"

    def _run_of_actor(self, request: Request, actor: str, run_id: str, rest: str) -> str:
        record = self._actor(request, actor)
        if self._orchestrator.runs.get(run_id).actor_id != record.id:
            raise record_not_found("Run", run_id)
        return f"/v2/actor-runs/{run_id}{rest}"

    def _openapi_of_build(self, request: Request, build_id: str) -> str:
        """Knowing the id of the build is enough: there may be nobody to ask for the Actor."""
        return f"/v2/actor-builds/{self._orchestrator.builds.get(build_id).id}/openapi.json"

    def _default_build(self, request: Request, actor: str, rest: str) -> str:
        """Knowing the Actor's id is enough; a name means nothing without a user."""
        actors = self._orchestrator.actors
        has_token = maybe_caller(request) is not None or "~" in actor
        record = actors.find(caller_of(request).user, actor) if has_token else actors.get(actor)
        return f"/v2/actor-builds/{self._orchestrator.builds.resolve(record, record.defaults.build).id}{rest}"

    def _build_of_actor(self, request: Request, actor: str, build_id: str, rest: str) -> str:
        record = self._actor(request, actor)
        if self._orchestrator.builds.get(build_id).actor_id != record.id:
            raise record_not_found("Build", build_id)
        return f"/v2/actor-builds/{build_id}{rest}"

    def _of_run(self, request: Request, run_id: str, what: str, rest: str) -> str:
        run = self._orchestrator.runs.get(run_id)
        canonical = {
            "dataset": f"/v2/datasets/{run.default_dataset_id}",
            "key-value-store": f"/v2/key-value-stores/{run.default_key_value_store_id}",
            "request-queue": f"/v2/request-queues/{run.default_request_queue_id}",
            "log": f"/v2/logs/{run_id}",
        }
        return canonical[what] + rest

    def _log_of_build(self, request: Request, build_id: str) -> str:
        return f"/v2/logs/{self._orchestrator.builds.get(build_id).id}"

    def _actor(self, request: Request, reference: str) -> Actor:
        return self._orchestrator.actors.find(limited_caller_of(request).user, reference)


def _method(text: str) -> str:
    method = text.upper()
    if method not in METHODS:
        raise Invalid("invalid-parameter", f"Query parameter 'method' must be an HTTP method, not '{text}'")
    return method
