"""JSON Schemas that clients write: what validation with them may cost, and where it runs.

Without references and regular expressions, each part of a schema is applied to each part of a value at most once. So
the product of their sizes bounds the work, and a small product is validated immediately. Everything else goes to a
helper process: references that branch multiply the work with each level, and nothing can stop the validator.
"""

from __future__ import annotations

from functools import lru_cache

from runtime.base.helper_process import in_helper_from_thread
from runtime.base.json_schema import CACHED_SCHEMAS, compiled_text
from runtime.base.json_text import Json, levels, loads

MAX_IMMEDIATE_WORK = 5_000_000
"""Parts of a schema times bytes of a value: a few milliseconds."""
MAX_IMMEDIATE_SCHEMA = 65_536
"""A bigger schema is also compiled in a helper process."""
UNBOUNDED_KEYWORDS = frozenset({"$ref", "$dynamicRef", "$recursiveRef", "pattern", "patternProperties"})


def is_cheap(schema: bytes, size: int = 1) -> bool:
    """Whether validating a value of `size` bytes of JSON takes at most a few milliseconds."""
    if len(schema) > MAX_IMMEDIATE_SCHEMA:
        return False
    parts = _parts(schema)
    return parts is not None and parts * size <= MAX_IMMEDIATE_WORK


def check_schema(schema: bytes) -> None:
    """Raises ValueError for text that is not a valid JSON Schema, and WorkLimitExceeded.

    It may wait for a helper process: call it in a thread.
    """
    if is_cheap(schema):
        compiled_text(schema)
    else:
        in_helper_from_thread(_compile, schema)


def _compile(schema: bytes) -> None:
    compiled_text(schema)


@lru_cache(CACHED_SCHEMAS)
def _parts(schema: bytes) -> int | None:
    """The number of values in the schema; None if the schema may be applied to a value more than once."""
    count = 0
    for level in levels(loads(schema)):
        count += len(level)
        if any(_is_unbounded(part) for part in level if isinstance(part, dict)):
            return None
    return count


def _is_unbounded(part: dict[str, Json]) -> bool:
    return not UNBOUNDED_KEYWORDS.isdisjoint(part) or part.get("format") == "regex"
