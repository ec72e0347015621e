"""Starting runs of Actors and tasks. The response is the new run, or the run's result after its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from api.request.callers import Caller, LiveCaller
from api.request.dependencies import orchestrator_of
from api.request.input_body import read_input
from api.request.params import Params
from api.request.parsing.origins import parse_meta
from api.request.parsing.runs import parse_start_options
from api.response.envelopes import created_response
from api.response.items_response import items_query, items_response
from api.response.presenters import present_run
from api.response.record_response import check_record_query, record_response
from runtime.base.errors import Invalid, NotFound, RunTooSlow
from runtime.base.lifecycle import JobStatus
from runtime.base.records import Actor, Run, Task
from runtime.orchestrator import Orchestrator
from runtime.runs.options import StartOptions
from runtime.runs.start_plan import StartRequest
from runtime.storages.run_storages import DEFAULT

SYNC_WAIT_SECS = 300


@dataclass(frozen=True, slots=True)
class RunStartCall:
    """A request that starts a run, with its caller and its options. Limited runs may send one."""

    request: Request
    orchestrator: Orchestrator
    caller: Caller
    params: Params
    options: StartOptions

    async def respond_with_run(self, target: Actor | Task) -> Response:
        """Start a run, and return it when it has ended, or when the client's `waitForFinish` has passed."""
        secs = self.params.wait_secs()
        run = await self._start(target)
        if secs > 0:
            run = await self.orchestrator.runs.wait(run.id, secs)
        location = f"{self.orchestrator.addresses.public_base}/v2/actors/{run.actor_id}/runs/{run.id}"
        return created_response(present_run(self.orchestrator, run, self.caller), location)

    async def respond_with_output(self, target: Actor | Task) -> Response:
        """Start a run, wait for its end, and return a record of its store, or no body if the record does not exist."""
        key = self.params.text("outputRecordKey") or "OUTPUT"
        check_record_query(key, self.params)
        run = await self._run_to_success(target)
        stores, store_id = self.orchestrator.key_value_stores, run.default_key_value_store_id
        try:
            return await record_response(stores, store_id, key, self.request, self.params, status=201)
        except NotFound:
            return Response(status_code=201)

    async def respond_with_items(self, target: Actor | Task) -> Response:
        """Start a run, wait for its end, and return the items of its dataset that the query selects."""
        definition = self.orchestrator.starting.definition(self.caller.user, target, self.options)
        query = items_query(self.params, definition.dataset_schemas[DEFAULT])
        run = await self._run_to_success(target)
        datasets = self.orchestrator.datasets
        dataset = datasets.find(run.user_id, run.default_dataset_id)
        return await items_response(self.request, datasets, dataset, query, status=201)

    async def _run_to_success(self, target: Actor | Task) -> Run:
        """Raises RunTooSlow if the run has not ended after five minutes, Invalid if it did not succeed."""
        run = await self.orchestrator.runs.wait((await self._start(target)).id, SYNC_WAIT_SECS)
        if not run.status.is_terminal:
            raise RunTooSlow(
                "run-timeout-exceeded",
                f"Actor run exceeded the timeout of {SYNC_WAIT_SECS} seconds for this API endpoint",
            )
        if run.status is not JobStatus.SUCCEEDED:
            raise Invalid("run-failed", f"Actor run did not succeed (run ID: {run.id}, status: {run.status}).")
        return run

    async def _start(self, target: Actor | Task) -> Run:
        input = await read_input(self.request) if self.request.method == "POST" else None
        meta, user, run = parse_meta(self.request, self.caller), self.caller.user, self.caller.run
        starting, options = self.orchestrator.starting, self.options
        if isinstance(target, Task):
            return await starting.start_task(user, target, input, options, meta, started_by=run)
        return await starting.start(
            StartRequest(user=user, actor=target, input=input, options=options, meta=meta, started_by=run)
        )


async def _run_start_call(request: Request, caller: LiveCaller) -> RunStartCall:
    params = Params(request)
    return RunStartCall(request, orchestrator_of(request), caller, params, parse_start_options(params, caller))


RunStart = Annotated[RunStartCall, Depends(_run_start_call)]
