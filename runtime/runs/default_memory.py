"""The memory of a run whose caller asks for none: what its build's actor.json says, else its Actor's own default.

Source: "Dynamic Actor memory" and `minMemoryMbytes` of "Actor definition" in the platform's documentation.
"""

from __future__ import annotations

from typing import Any

from runtime.base.json_text import JsonObject, loads_object
from runtime.base.records import RunDefaults
from runtime.inputs.inputs import Input
from runtime.jobs.limits import MAX_MEMORY_MBYTES, MIN_MEMORY_MBYTES, disk_mbytes
from runtime.memory_expressions import ExpressionError, memory_of, nearest_power_of_two
from runtime.runs.options import StartOptions


def default_memory(
    defaults: RunDefaults, definition: JsonObject, asked: StartOptions, input: Input | None
) -> tuple[int, str | None]:
    """Megabytes, and what is wrong with the expression where that should have told them.

    `definition` is a parsed actor.json. It may say a number or an expression, and bounds for what nobody asked for.
    """
    said, problem = definition.get("defaultMemoryMbytes"), None
    memory = defaults.memory_mbytes
    if isinstance(said, int):
        memory = nearest_power_of_two(said)
    elif isinstance(said, str):
        try:
            given = loads_object(input.body if input else b"")
            memory = memory_of(said, given, _run_options(defaults, asked))
        except ExpressionError as refusal:
            problem = str(refusal)
    return _within_bounds(memory, definition), problem


def _within_bounds(memory: int, definition: JsonObject) -> int:
    """Between the powers of two that the Actor's bounds leave."""
    least, most = definition.get("minMemoryMbytes", 0), definition.get("maxMemoryMbytes", MAX_MEMORY_MBYTES)
    if memory > most:
        memory = 1 << (most.bit_length() - 1)
    return max(memory, 1 << (least - 1).bit_length()) if least > MIN_MEMORY_MBYTES else memory


def _run_options(defaults: RunDefaults, asked: StartOptions) -> dict[str, Any]:
    """What an expression sees as `runOptions`: the options of the run as far as they are known before its memory."""
    options = {
        "build": asked.build or defaults.build,
        "timeoutSecs": defaults.timeout_secs if asked.timeout_secs is None else asked.timeout_secs,
        "memoryMbytes": defaults.memory_mbytes,
        "diskMbytes": disk_mbytes(defaults.memory_mbytes),
        "maxItems": defaults.max_items if asked.max_items is None else asked.max_items,
        "maxTotalChargeUsd": asked.max_total_charge_usd,
        "restartOnError": defaults.restart_on_error if asked.restart_on_error is None else asked.restart_on_error,
    }
    return {name: value for name, value in options.items() if value is not None}
