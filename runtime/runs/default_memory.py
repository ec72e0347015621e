"""The memory of a run if its caller requests none: from its build's actor.json, else from its Actor's default options.

Source: "Dynamic Actor memory" and `minMemoryMbytes` of "Actor definition" in the platform's documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runtime.base.helper_process import WorkLimitExceeded, in_helper
from runtime.base.records import Definition, RunDefaults
from runtime.inputs.inputs import PreparedInput
from runtime.jobs.resource_limits import MAX_MEMORY_MBYTES, MIN_MEMORY_MBYTES, disk_mbytes
from runtime.memory_expressions import ExpressionError, memory_of, nearest_power_of_two
from runtime.runs.options import StartOptions

MAX_INPUT_ON_LOOP = 16_384
"""An expression may use each part of the input many times."""


async def default_memory(
    defaults: RunDefaults, definition: Definition, requested: StartOptions, input: PreparedInput
) -> tuple[int, str | None]:
    """The default memory in megabytes, and why the expression in actor.json could not be evaluated, or None.

    The bounds in actor.json apply to the default only, not to memory that a caller requests.
    """
    setting, problem = definition.default_memory, None
    memory = defaults.memory_mbytes
    if isinstance(setting, int):
        memory = nearest_power_of_two(setting)
    elif isinstance(setting, str):
        try:
            memory = await _evaluated(setting, input, _run_options(defaults, requested))
        except ExpressionError as error:
            problem = str(error)
    return _within_bounds(memory, definition), problem


async def _evaluated(expression: str, input: PreparedInput, run_options: Mapping[str, Any]) -> int:
    """The value of an expression. A helper process evaluates it with a big input. Raises ExpressionError."""
    if input.size <= MAX_INPUT_ON_LOOP:
        return memory_of_input(expression, input, run_options)
    try:
        return await in_helper(memory_of_input, expression, input, run_options)
    except WorkLimitExceeded as problem:
        raise ExpressionError("it takes too long with this input") from problem


def memory_of_input(expression: str, input: PreparedInput, run_options: Mapping[str, Any]) -> int:
    return memory_of(expression, input.fields(), run_options)


def _within_bounds(memory: int, definition: Definition) -> int:
    """The memory, moved to the nearest power of two within the Actor's bounds."""
    least, most = definition.min_memory_mbytes or 0, definition.max_memory_mbytes or MAX_MEMORY_MBYTES
    if memory > most:
        memory = 1 << (most.bit_length() - 1)
    return max(memory, 1 << (least - 1).bit_length()) if least > MIN_MEMORY_MBYTES else memory


def _run_options(defaults: RunDefaults, requested: StartOptions) -> dict[str, Any]:
    """The `runOptions` of an expression: the options of the run that are known before its memory."""
    options = {
        "build": requested.build or defaults.build,
        "timeoutSecs": defaults.timeout_secs if requested.timeout_secs is None else requested.timeout_secs,
        "memoryMbytes": defaults.memory_mbytes,
        "diskMbytes": disk_mbytes(defaults.memory_mbytes),
        "maxItems": defaults.max_items if requested.max_items is None else requested.max_items,
        "maxTotalChargeUsd": requested.max_total_charge_usd,
        "restartOnError": defaults.restart_on_error
        if requested.restart_on_error is None
        else requested.restart_on_error,
    }
    return {name: value for name, value in options.items() if value is not None}
