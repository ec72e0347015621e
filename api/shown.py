"""Runs as answers: the record, its usage and its build's number put together."""

from __future__ import annotations

from typing import Any

from api import wire
from api.access import Caller
from runtime import usage
from runtime.builds import number_int
from runtime.orchestrator import Orchestrator
from runtime.records import Run


def run_shown(orchestrator: Orchestrator, run: Run, caller: Caller | None) -> dict[str, Any]:
    """A run; what it cost is shown to its owner only."""
    is_owner = caller is not None and caller.user.id == run.user_id
    used = _usage(orchestrator, run) if is_owner else None
    return wire.run(run, _build_number_int(run), used, orchestrator.clock.now())


def run_listed(orchestrator: Orchestrator, run: Run) -> dict[str, Any]:
    return wire.run_in_list(run, _build_number_int(run), _usage(orchestrator, run), orchestrator.clock.now())


def _usage(orchestrator: Orchestrator, run: Run) -> usage.Usage:
    return usage.of_run(
        run,
        orchestrator.datasets.get(run.default_dataset_id),
        orchestrator.key_value_stores.get(run.default_key_value_store_id),
        orchestrator.request_queues.get(run.default_request_queue_id),
        orchestrator.clock.now(),
    )


def _build_number_int(run: Run) -> int:
    version, _, number = run.build_number.rpartition(".")
    return number_int(version, int(number))
