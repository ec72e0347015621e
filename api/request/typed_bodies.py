"""Bodies of the local controls, parsed into their models.

FastAPI's own parser reads a body of any size, and does so before it checks the token.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from api.request.bodies import MAX_PAYLOAD_BYTES, read_object
from runtime.base.errors import Invalid

M = TypeVar("M", bound=BaseModel)


def body_of(model: type[M], max_bytes: int = MAX_PAYLOAD_BYTES) -> Callable[[Request], Coroutine[Any, Any, M]]:
    """A dependency that returns the body as an object of the model. It raises Invalid, which names the field."""

    async def parse(request: Request) -> M:
        try:
            return model.model_validate(await read_object(request, max_bytes))
        except ValidationError as problem:
            first = problem.errors()[0]
            place = ".".join(map(str, first["loc"])) or "body"
            raise Invalid("invalid-input", f"The field '{place}' is not valid: {first['msg']}.") from problem

    return parse


def documented_body(model: type[BaseModel]) -> dict[str, Any]:
    """The description of the body for the OpenAPI document, as `openapi_extra` of a route."""
    schema = model.model_json_schema()
    inlined = _inlined(schema, schema.pop("$defs", {}))
    return {"requestBody": {"content": {"application/json": {"schema": inlined}}, "required": True}}


def _inlined(value: Any, definitions: Mapping[str, Any]) -> Any:
    """The schema with the models that it names in place of their references, which have no place in the document."""
    if isinstance(value, list):
        return [_inlined(each, definitions) for each in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        named = definitions[value["$ref"].rpartition("/")[2]]
        return {**_inlined(named, definitions), **{key: each for key, each in value.items() if key != "$ref"}}
    return {key: _inlined(each, definitions) for key, each in value.items()}
