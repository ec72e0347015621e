"""Routes that FastAPI prepares when they are first used.

FastAPI reads the signature of a handler and builds a validator for each of its parameters and for its response as soon
as the route is declared. For all routes of this server, that takes as long as importing FastAPI, and a server usually
answers requests for a few of them only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import Match, compile_path
from starlette.types import Scope

PATTERN = frozenset({"path_regex", "path_format", "param_convertors"})
"""What `compile_path` returns: the part of a route that is needed to find it."""


class Router(APIRouter):
    """FastAPI's router with lazy routes."""

    def __init__(self, **options: Any) -> None:
        super().__init__(route_class=LazyRoute, **options)


class LazyRoute(APIRoute):
    """A route that is prepared when an attribute is read that only FastAPI's constructor sets."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self.path = path
        self.endpoint = endpoint
        self.methods = set(options["methods"])
        self._prefix = path.partition("{")[0]
        self._options = options

    def __getattr__(self, name: str) -> Any:
        """Set the attributes that are missing. Python calls this only for an attribute that is not set."""
        if name in PATTERN:
            self.path_regex, self.path_format, self.param_convertors = compile_path(self.path)
        elif options := vars(self).pop("_options", None):
            super().__init__(self.path, self.endpoint, **options)
        return object.__getattribute__(self, name)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if not scope["path"].startswith(self._prefix):  # before the pattern of the path is compiled
            return Match.NONE, {}
        return super().matches(scope)
