"""Which requests change something: those with a method that writes, and GET on paths that start runs."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.routing import BaseRoute, Route
from starlette.types import Scope

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Writes:
    """The requests to these routes that change something.

    GET changes something on a path whose handler also serves a method that writes. Source: "Run Actor synchronously"
    and the like in the platform's API reference, which offer GET and POST.
    """

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._acting_paths = [
            route.path_regex
            for route in routes
            if isinstance(route, Route)
            and "GET" in (route.methods or ())
            and not set(route.methods or ()) <= SAFE_METHODS
        ]

    def include(self, scope: Scope) -> bool:
        return scope["method"] not in SAFE_METHODS or any(path.match(scope["path"]) for path in self._acting_paths)
