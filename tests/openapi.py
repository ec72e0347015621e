"""Responses, validated against Apify's OpenAPI document. GREENROOM_OPENAPI is the path of the document."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import best_match
from referencing import Registry
from referencing.jsonschema import DRAFT202012

DOCUMENT = os.environ.get("GREENROOM_OPENAPI", "")
NO_DOCUMENT = "GREENROOM_OPENAPI is not the path of an OpenAPI document"
METHODS = ("get", "head", "put", "post", "patch", "delete")
BASE = "urn:openapi"
MESSAGE_WIDTH = 200
NO_TYPE = "no type is not among application/json"
FORMATS = FormatChecker(formats=())
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
DEVIATIONS = {
    f"DELETE /v2/actors/{{actorId}} 204: {NO_TYPE}": "a 204 response has no body; clients expect none",
    f"DELETE /v2/actors/{{actorId}}/versions/{{versionNumber}} 204: {NO_TYPE}": "the same",
    f"DELETE /v2/actors/{{actorId}}/versions/{{versionNumber}}/env-vars/{{envVarName}} 204: {NO_TYPE}": "the same",
    f"DELETE /v2/webhooks/{{webhookId}} 204: {NO_TYPE}": "the same",
    f"DELETE /v2/actor-tasks/{{actorTaskId}} 204: {NO_TYPE}": "the same",
    f"DELETE /v2/schedules/{{scheduleId}} 204: {NO_TYPE}": "the same",
    "GET /v2/actor-tasks/{actorTaskId}/run-sync-get-dataset-items 201: $: [": (
        "the items are an array, as the document has it for Actors; clients expect an array"
    ),
    "POST /v2/actor-tasks/{actorTaskId}/run-sync-get-dataset-items 201: $: [": "the same",
    "POST /v2/actors/{actorId}/versions/{versionNumber}/env-vars 409: 409 is not among": (
        "its error env-var-already-exists is documented, its status is not"
    ),
    "POST /v2/actors/{actorId}/webhooks 201: 201 is not among": (
        "not documented, but clients create webhooks on the path that lists them"
    ),
    "POST /v2/actor-tasks/{actorTaskId}/webhooks 201: 201 is not among": "the same",
    "POST /v2/actors/{actorId}/runs 401: $.error.type": "the page of the endpoint documents token-not-valid",
}
"""The beginning of a problem's line -> why we deviate on purpose. Additional fields are not deviations."""
UNMEASURED = re.compile(r".*: \$\.data\.stats\.(mem|cpu|net)\w+: None is not of type '(number|integer)'")
"""Statistics of a live run before its first sample are null, because 0 would be wrong. Both clients accept this."""

Json = dict[str, Any]


def is_timestamp(value: object) -> bool:
    """Whether it is a time as the platform writes it. Parsers of logs and clients depend on the milliseconds."""
    return not isinstance(value, str) or (
        TIMESTAMP.fullmatch(value) is not None and datetime.fromisoformat(value) is not None
    )


def is_uri(value: object) -> bool:
    if not isinstance(value, str):
        return True
    url = urlsplit(value)
    return bool(url.scheme and url.netloc) and not re.search(r"\s", value)


def is_email(value: object) -> bool:
    return not isinstance(value, str) or re.fullmatch(r"[^@\s]+@[^@\s]+", value) is not None


FORMATS.checks("date-time", ValueError)(is_timestamp)
FORMATS.checks("uri", ValueError)(is_uri)
FORMATS.checks("email")(is_email)


class Contract:
    """Validates responses against the document."""

    def __init__(self, path: Path) -> None:
        self.document: Json = json.loads(path.read_text())
        self.registry: Registry[Json] = Registry().with_resource(BASE, DRAFT202012.create_resource(self.document))

    def operations(self) -> list[tuple[str, str]]:
        """The method and path of every operation, in the document's order."""
        paths = self.document["paths"].items()
        return [(method.upper(), path) for path, item in paths for method in METHODS if method in item]

    def query_parameters(self) -> set[str]:
        """The names of the query parameters of all operations."""
        found = set()
        for method, path in self.operations():
            item = self.document["paths"][path]
            for parameter in [*item.get("parameters", []), *item[method.lower()].get("parameters", [])]:
                while "$ref" in parameter:
                    parameter = self._resolved(*parameter["$ref"].removeprefix("#/").split("/"))
                found |= {parameter["name"]} if parameter["in"] == "query" else set()
        return found

    def problems(self, call: Call) -> list[str]:
        """Return one line for each difference between a response and the document."""
        operation = self._operation(call)
        responses = self._resolved(*operation, "responses")
        status = str(call.response.status_code)
        if status not in responses:
            return [f"{call.name}: {status} is not among {', '.join(responses)}"]
        content = self._resolved(*operation, "responses", status).get("content")
        kind = call.response.headers.get("content-type", "").partition(";")[0]
        if not content or (call.method == "HEAD" and not kind):
            return []
        if kind not in content:
            return [f"{call.name}: {kind or 'no type'} is not among {', '.join(content)}"]
        if kind != "application/json" or call.method == "HEAD":
            return []
        return [f"{call.name}: {line}" for line in self._schema_errors(content[kind]["schema"], call.response.json())]

    def _operation(self, call: Call) -> tuple[str, str, str]:
        """Return the operation's keys in the document. An unsupported method of a path is validated as its GET."""
        method = call.method.lower()
        documented = self.document["paths"][call.template]
        return "paths", call.template, method if method in documented else "get"

    def _resolved(self, *keys: str) -> Json:
        found: Json = self.document
        for key in keys:
            found = found[key]
            while "$ref" in found:
                found = self._resolved(*found["$ref"].removeprefix("#/").split("/"))
        return found

    def _schema_errors(self, schema: Json, body: Any) -> Iterator[str]:
        validator = Draft202012Validator(self._absolute(schema), registry=self.registry, format_checker=FORMATS)
        for error in validator.iter_errors(body):
            closest = best_match([error])
            yield f"{closest.json_path}: {closest.message[:MESSAGE_WIDTH]}"

    def _absolute(self, schema: Any) -> Any:
        """Return the schema with absolute references."""
        if isinstance(schema, dict):
            return {key: BASE + each if key == "$ref" else self._absolute(each) for key, each in schema.items()}
        return [self._absolute(each) for each in schema] if isinstance(schema, list) else schema


@dataclass(frozen=True)
class Call:
    method: str
    template: str
    response: httpx.Response

    @property
    def name(self) -> str:
        return f"{self.method} {self.template} {self.response.status_code}"
