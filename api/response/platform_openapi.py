"""The OpenAPI document of the routes below /v2 that this server has, generated from them."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from api.response.platform_parameters import (
    BODIES,
    PARAMETERS,
    PARAMETERS_OF_DEPENDENCIES,
    PATH_PARAMETERS,
    PUBLIC,
    WITHOUT_BODY,
    Parameter,
)
from runtime.base.json_text import JsonDict

VERSION = "3.1.0"
PREFIX = "/v2/"
TOKEN = "apiToken"
DESCRIPTION = (
    "The Apify API as this server has it. Paths below `/v2/acts` and the nested paths of the platform, such as"
    " `/v2/actor-runs/{run}/dataset/items` or `/v2/actors/{actor}/runs/last`, lead to these operations too."
)
ERROR: JsonDict = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["type", "message"],
            "properties": {"type": {"type": "string"}, "message": {"type": "string"}},
        }
    },
}


def platform_document(routes: Iterable[BaseRoute], version: str) -> JsonDict:
    """Return the document of those of the routes that are below /v2."""
    paths: dict[str, JsonDict] = {}
    for route in routes:
        if isinstance(route, APIRoute) and route.path.startswith(PREFIX):
            for method in sorted(route.methods or ()):
                operations = paths.setdefault(_path(route), {})
                operations[method.lower()] = _operation(route, method)
    return {
        "openapi": VERSION,
        "info": {"title": "Apify API on this server", "version": version, "description": DESCRIPTION},
        "servers": [{"url": "/"}],
        "paths": paths,
        "security": [{TOKEN: []}],
        "components": {
            "schemas": {"Error": ERROR},
            "securitySchemes": {
                TOKEN: {"type": "http", "scheme": "bearer", "description": "The token of a user or of a live run."}
            },
        },
    }


def _path(route: APIRoute) -> str:
    return route.path.replace(":path}", "}")


def _operation(route: APIRoute, method: str) -> JsonDict:
    name = f"{method} {_path(route)}"
    words = route.endpoint.__name__.split("_")
    tag = route.path.split("/")[2]
    document: JsonDict = {
        "operationId": "_".join([*words, tag.replace("-", "_"), method.lower()]),
        "summary": " ".join(words).capitalize().replace("actor", "Actor"),
        "tags": [tag],
        "parameters": [*_path_parameters(route), *(each.as_json() for each in _parameters(route, name))],
        "responses": {
            "2XX": {"description": "The request succeeded."},
            "4XX": {
                "description": "The request was rejected.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            },
        },
    }
    if text := inspect.getdoc(route.endpoint):
        document["description"] = text
    if name in PUBLIC:
        document["security"] = [{}, {TOKEN: []}]
    if name in BODIES or (method in ("POST", "PUT") and name not in WITHOUT_BODY):
        document["requestBody"] = {
            "description": BODIES.get(name, "The fields of the record."),
            "content": {"application/json": {"schema": {} if name in BODIES else {"type": "object"}}},
        }
    return document


def _path_parameters(route: APIRoute) -> Iterator[JsonDict]:
    for name in route.param_convertors:
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": PATH_PARAMETERS[name],
            "schema": {"type": "string"},
        }


def _parameters(route: APIRoute, name: str) -> Iterator[Parameter]:
    """Yield the parameters that the handler or one of its dependencies reads, each once."""
    found = [
        *(each for part in _dependencies(route) for each in PARAMETERS_OF_DEPENDENCIES.get(part, ())),
        *PARAMETERS.get(name, ()),
    ]
    yield from {each.name: each for each in found}.values()


def _dependencies(route: APIRoute) -> Iterator[str]:
    return (each.call.__name__ for each in route.dependant.dependencies if each.call is not None)
