"""Other paths for the same operation: one table rewrites them, so that each operation is written once.

Spellings (`?method=`, `/v2/acts`) are rewritten before any other code reads the path. Aliases of records ("the last
run", "this run's dataset") depend on the caller, so they are resolved after authentication, each with a 404 of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import NamedTuple
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.types import Scope

from api.request.callers import full_caller, live_caller, optional_caller
from api.request.params import Params
from api.request.parsing.runs import parse_run_filter
from runtime.access import permissions
from runtime.base.errors import GreenroomError, Invalid, UriTooLong, record_not_found
from runtime.orchestrator import Orchestrator

ALIASED = "/v2/actor"
"""All aliases begin with this."""
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
"""The methods that can override each other. A client expects no body from HEAD, and OPTIONS must not do anything."""
CANONICAL_PARTS = {
    "dataset": "/v2/datasets",
    "key-value-store": "/v2/key-value-stores",
    "request-queue": "/v2/request-queues",
    "log": "/v2/logs",
}
"""The parts of a run that have paths of their own -> the beginning of these paths."""
MAX_URI = 65_536
MAX_PARAMETERS = 1000
"""Parsing more of them would block other requests."""


def check_size(scope: Scope) -> None:
    """Raises UriTooLong."""
    query: bytes = scope["query_string"]
    if len(scope["path"]) + len(query) > MAX_URI or query.count(b"&") >= MAX_PARAMETERS:
        raise UriTooLong(
            "uri-too-long", f"A URL can have at most {MAX_URI} characters and {MAX_PARAMETERS} query parameters"
        )


def rewrite_spelling(scope: Scope) -> None:
    """`?method=PUT` overrides the method of a request; `/v2/acts` is the old name of `/v2/actors`."""
    if scope["type"] == "http" and scope["method"] in METHODS:
        query: bytes = scope["query_string"]
        override = parse_qs(query.decode("latin-1")).get("method") if b"method" in query else None
        if override:
            scope["method"] = _overriding(override[0], scope["method"])
    path: str = scope["path"]
    if path == "/v2/acts" or path.startswith("/v2/acts/"):
        path = "/v2/actors" + path.removeprefix("/v2/acts")
    scope["path"] = path.rstrip("/") or "/"


class Rule(NamedTuple):
    """`resolve` returns the canonical path of an alias that `pattern` matches, and `shape` that of any such alias."""

    pattern: re.Pattern[str]
    resolve: Callable[..., str]
    shape: Callable[..., str]


class Aliases:
    """Rewrites the aliases of records to their canonical paths.

    `check_routing` raises the error for a request whose path or method no route has.
    """

    def __init__(self, orchestrator: Orchestrator, check_routing: Callable[[Scope], None]) -> None:
        self._orchestrator = orchestrator
        self._check_routing = check_routing
        part = r"/v2/actor-runs/([^/]+)/(dataset|key-value-store|request-queue|log)(/.*)?"
        openapi = r"/v2/actors/[^/]+/builds/(?!default/)([^/]+)/openapi\.json"
        self._rules = (
            Rule(re.compile(r"/v2/actors/([^/]+)/runs/last(/.*)?"), self._last_run, _run_shape),
            Rule(re.compile(r"/v2/actor-tasks/([^/]+)/runs/last(/.*)?"), self._last_run_of_task, _run_shape),
            Rule(re.compile(r"/v2/actors/([^/]+)/runs/([^/]+)(/.*)?"), self._run_of_actor, _run_shape),
            Rule(re.compile(openapi), self._openapi_of_build, lambda _: "/v2/actor-builds/-/openapi.json"),
            Rule(re.compile(r"/v2/actors/([^/]+)/builds/default(/.*)?"), self._default_build, _build_shape),
            Rule(re.compile(r"/v2/actors/([^/]+)/builds/([^/]+)(/.*)?"), self._build_of_actor, _build_shape),
            Rule(re.compile(part), self._part_of_run, lambda _, part, rest: f"{CANONICAL_PARTS[part]}/-{rest}"),
            Rule(re.compile(r"/v2/actor-builds/([^/]+)/log"), self._log_of_build, lambda _: "/v2/logs/-"),
        )

    def resolve(self, scope: Scope) -> None:
        """Rewrite the path of an alias. Raises MethodNotAllowed, NotFound, Unauthorized, Invalid."""
        if not scope["path"].startswith(ALIASED):
            return
        request = Request(scope)
        for rule in self._rules:
            match = rule.pattern.fullmatch(scope["path"])
            if match:
                try:
                    scope["path"] = rule.resolve(request, *match.groups(default=""))
                except GreenroomError:
                    # A wrong method or path is reported first, as for all other records.
                    self._check_routing({**scope, "path": self._shape(scope["path"])})
                    raise

    def _shape(self, path: str) -> str:
        """The canonical path of an alias, with `-` for the ids of records that have not been found."""
        for rule in self._rules:
            match = rule.pattern.fullmatch(path)
            if match:
                path = rule.shape(*match.groups(default=""))
        return path

    def _last_run(self, request: Request, actor: str, rest: str) -> str:
        runs, caller = self._orchestrator.runs, live_caller(request)
        record = self._orchestrator.actors.find(caller.user, actor)
        run = runs.last(caller.user, record, parse_run_filter(Params(request)))
        permissions.check_may_see_run(caller.run, run, partial(runs.has_started, caller.run))
        return f"/v2/actor-runs/{run.id}{rest}"

    def _last_run_of_task(self, request: Request, task: str, rest: str) -> str:
        user = full_caller(request).user
        record = self._orchestrator.tasks.find(user, task)
        run = self._orchestrator.runs.last(user, record, parse_run_filter(Params(request)))
        return f"/v2/actor-runs/{run.id}{rest}"

    def _run_of_actor(self, request: Request, actor: str, run_id: str, rest: str) -> str:
        record = self._orchestrator.actors.find(live_caller(request).user, actor)
        if self._orchestrator.runs.get(run_id).actor_id != record.id:
            raise record_not_found("Run", run_id)
        return f"/v2/actor-runs/{run_id}{rest}"

    def _openapi_of_build(self, request: Request, build_id: str) -> str:
        """The Actor in the path is ignored: without a token, it cannot be resolved."""
        return f"/v2/actor-builds/{self._orchestrator.builds.get(build_id).id}/openapi.json"

    def _default_build(self, request: Request, actor: str, rest: str) -> str:
        """An Actor's id needs no token, nor does the name of a public Actor."""
        actors = self._orchestrator.actors
        record = actors.find_by_anyone(actor) if optional_caller(request) is None else None
        if record is None:
            record = actors.find(full_caller(request).user, actor)
        return f"/v2/actor-builds/{self._orchestrator.builds.resolve(record, record.defaults.build).id}{rest}"

    def _build_of_actor(self, request: Request, actor: str, build_id: str, rest: str) -> str:
        record = self._orchestrator.actors.find(live_caller(request).user, actor)
        if self._orchestrator.builds.get(build_id).actor_id != record.id:
            raise record_not_found("Build", build_id)
        return f"/v2/actor-builds/{build_id}{rest}"

    def _part_of_run(self, request: Request, run_id: str, part: str, rest: str) -> str:
        run = self._orchestrator.runs.get(run_id)
        ids = {
            "dataset": run.default_dataset_id,
            "key-value-store": run.default_key_value_store_id,
            "request-queue": run.default_request_queue_id,
            "log": run_id,
        }
        return f"{CANONICAL_PARTS[part]}/{ids[part]}{rest}"

    def _log_of_build(self, request: Request, build_id: str) -> str:
        return f"/v2/logs/{self._orchestrator.builds.get(build_id).id}"


def _run_shape(*groups: str) -> str:
    return f"/v2/actor-runs/-{groups[-1]}"


def _build_shape(*groups: str) -> str:
    return f"/v2/actor-builds/-{groups[-1]}"


def _overriding(text: str, method: str) -> str:
    """The method that `?method=` selects: the original one if it cannot be overridden by this one. Raises Invalid."""
    override = text.upper()
    if override in METHODS:
        return override
    if override in ("HEAD", "OPTIONS"):
        return method
    raise Invalid("invalid-parameter", f"Query parameter 'method' must be an HTTP method, not '{text}'")
