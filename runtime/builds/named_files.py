"""The files that `.actor/actor.json` names. Their paths are relative to `.actor`, and can leave the Actor's folder.

Source: "Actor definition" in the platform's documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runtime.base.errors import Invalid
from runtime.base.json_text import JsonObject
from runtime.base.source_paths import CONTROL, MAX_NAME_BYTES, MAX_PATH_CHARS

ACTOR_JSON = ".actor/actor.json"
FIELDS = (
    *("dockerfile", "readme", "changelog"),
    *("input", "inputSchema", "output", "outputSchema", "webServerSchema"),
)
CONTEXT_FIELD = "dockerContextDir"
SHOWN_CHARS = 40


def named_files(content: JsonObject) -> dict[str, str]:
    """Return the path of each file that actor.json names, by the field that names it."""
    storages = _object(content.get("storages"))
    schemas = {f"storages.{name}": storages.get(name) for name in ("dataset", "keyValueStore")}
    datasets = {f"storages.datasets.{alias}": each for alias, each in _object(storages.get("datasets")).items()}
    fields = {**{name: content.get(name) for name in FIELDS}, **schemas, **datasets}
    return {field: value for field, value in fields.items() if isinstance(value, str)}


def check_paths(content: JsonObject) -> None:
    """Raises Invalid, with the field, if a field contains something else than a path, such as the text of a file."""
    context = content.get(CONTEXT_FIELD)
    for field, path in {**named_files(content), **({} if context is None else {CONTEXT_FIELD: context})}.items():
        parts = path.split("/")
        is_path = path and not CONTROL.search(path) and len(path) <= MAX_PATH_CHARS
        if not is_path or any(len(part.encode()) > MAX_NAME_BYTES for part in parts):
            shown = path if len(path) <= SHOWN_CHARS else f"{path[:SHOWN_CHARS]}…"
            what = "folder" if field == CONTEXT_FIELD else "file"
            message = f"{field} must be the path of a {what}, not {shown!r} ({len(path)} characters)"
            raise Invalid("invalid-value", f"{ACTOR_JSON} is not valid: {message}")


def _object(value: Any) -> JsonObject:
    return value if isinstance(value, Mapping) else {}
