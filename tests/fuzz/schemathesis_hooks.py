"""Loaded by Schemathesis: ids of records that exist, and the check of the platform's error object."""

from __future__ import annotations

import json
import os
import random
from typing import Any

import schemathesis

IDS: dict[str, list[str]] = json.loads(os.environ.get("GREENROOM_FUZZ_IDS", "{}"))
"""Values for the parameters of paths that name existing records, by the name of the parameter."""
SHARE_OF_EXISTING = 0.7


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """Let most requests name records that exist, because others get no further than a 404."""
    if path_parameters is None:
        return None
    return {
        name: random.choice(IDS[name]) if name in IDS and random.random() < SHARE_OF_EXISTING else value
        for name, value in path_parameters.items()
    }


@schemathesis.check
def errors_are_the_platforms_object(context: Any, response: Any, case: Any) -> None:
    if response.status_code < 400 or case.operation.method.upper() == "HEAD":
        return
    body = response.json()
    assert body.keys() == {"error"} and body["error"].keys() >= {"type", "message"}, body
