"""Checks of a run that is to be started after its Actor has been built, so that no build is made in vain."""

from __future__ import annotations

from runtime.base.records import Definition, RunDefaults
from runtime.inputs.inputs import Input, PreparedInput, complete
from runtime.jobs.resource_limits import check_user_memory, memory_mbytes
from runtime.runs.default_memory import default_memory
from runtime.runs.options import StartOptions


async def check_start(
    definition: Definition, sent: Input | None, options: StartOptions, *, strict_memory: bool, cap_mbytes: int
) -> None:
    """Raises Invalid and LimitReached as the start of the run would, if the user has no other live jobs by then."""
    schema = definition.input_schema
    completed = None if schema is None else await complete(schema, sent)
    input = PreparedInput(stored=sent, completed=completed)
    by_default, _ = await default_memory(RunDefaults(), definition, options, input)
    memory = memory_mbytes(by_default if options.memory_mbytes is None else options.memory_mbytes, strict=strict_memory)
    check_user_memory(used=0, requested=memory, cap=cap_mbytes)
