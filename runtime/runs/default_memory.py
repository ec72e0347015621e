"""The memory of a run whose caller asks for none: what its build's actor.json says, else its Actor's own default.

Source: "Dynamic Actor memory" and `minMemoryMbytes` of "Actor definition" in the platform's documentation.
"""

from __future__ import annotations

from typing import Any

from runtime.base.records import Definition, RunDefaults
from runtime.inputs.inputs import PreparedInput
from runtime.jobs.limits import MAX_MEMORY_MBYTES, MIN_MEMORY_MBYTES, disk_mbytes
from runtime.memory_expressions import ExpressionError, memory_of, nearest_power_of_two
from runtime.runs.options import StartOptions


def default_memory(
    defaults: RunDefaults, definition: Definition, asked: StartOptions, input: PreparedInput
) -> tuple[int, str | None]:
    """Return the megabytes, and the problem with the definition's expression if it could not be evaluated.

    The bounds of the definition apply to the default memory only, not to memory that the caller requested.
    """
    memory, problem = defaults.memory_mbytes, None
    declared = definition.default_memory
    if isinstance(declared, int):
        memory = nearest_power_of_two(declared)
    elif isinstance(declared, str):
        try:
            memory = memory_of(declared, input.fields(), _run_options(defaults, asked))
        except ExpressionError as error:
            problem = str(error)
    return _within_bounds(memory, definition), problem


def _within_bounds(memory: int, definition: Definition) -> int:
    """Return the nearest power of two within the bounds of the definition."""
    minimum = definition.min_memory_mbytes or 0
    maximum = definition.max_memory_mbytes or MAX_MEMORY_MBYTES
    if memory > maximum:
        memory = 1 << (maximum.bit_length() - 1)
    return max(memory, 1 << (minimum - 1).bit_length()) if minimum > MIN_MEMORY_MBYTES else memory


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
