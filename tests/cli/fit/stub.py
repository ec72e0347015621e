"""The stub API with what `greenroom fit` needs: runs that need memory, their reports, the limits, and deletions.

An input with `needMbytes` makes a run fail at its limit.
"""

from __future__ import annotations

import os
import signal
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.cli.stub import StubApi, data, error

MBYTE = 1024 * 1024


class FitStub(StubApi):
    """`deleted` are the ids of deleted runs; `free_gbytes` is the memory that the user's limit leaves.

    A run at `interrupts_at` megabytes lives until it is aborted, and a command that waits for it is interrupted. After
    `most_runs`, no run can be started.
    """

    def __init__(self) -> None:
        self.deleted: list[str] = []
        self.free_gbytes = 8
        self.interrupts_at: int | None = None
        self.most_runs: int | None = None
        self.rejects_deletions = False
        super().__init__()

    def _routes(self) -> list[Route]:
        return [
            Route("/v2/users/me/limits", self._limits),
            Route("/v2/actor-runs/{run}", self._delete_run, methods=["DELETE"]),
            Route("/greenroom/runs/{run}/report", self._report),
            *super()._routes(),
        ]

    async def _start_run(self, request: Request) -> Response:
        if len(self.runs) == self.most_runs:
            self.error = 402, "actor-memory-limit-exceeded", "You would exceed the memory limit"
        response = await super()._start_run(request)
        if response.status_code == 201:
            run_id, memory = next(reversed(self.runs)), int(request.query_params["memory"])
            self.runs[run_id]["options"] = {"memoryMbytes": memory}
            if self._need(run_id) >= memory:
                self.end_run(run_id, "FAILED", 137)
            if memory == self.interrupts_at:
                self.runs[run_id]["status"] = "RUNNING"
                self._finished[run_id].clear()
        return response

    async def _get_run(self, request: Request) -> Response:
        run = self.runs[request.path_params["run"]]
        if run["status"] == "RUNNING" and "waitForFinish" in request.query_params:
            os.kill(os.getpid(), signal.SIGINT)
        return await super()._get_run(request)

    async def _limits(self, request: Request) -> Response:
        limits = {"maxActorMemoryGbytes": self.free_gbytes, "maxConcurrentActorJobs": 8}
        return data({"limits": limits, "current": {"actorMemoryGbytes": 0, "activeActorJobCount": 0}})

    async def _delete_run(self, request: Request) -> Response:
        self.deleted.append(request.path_params["run"])
        if self.rejects_deletions:
            return error((400, "run-not-terminal", "The run is not finished"))
        return Response(status_code=204)

    async def _report(self, request: Request) -> Response:
        run = self.runs[request.path_params["run"]]
        memory, need = run["options"]["memoryMbytes"], self._need(run["id"])
        is_over = need >= memory
        return JSONResponse(
            {
                "runId": run["id"],
                "status": run["status"],
                "statusMessage": None,
                "exitCode": run["exitCode"],
                "durationSecs": 4.0,
                "memory": {
                    "peakBytes": _figure(min(need, memory) * MBYTE, is_lower_bound=is_over),
                    "atPeak": None,
                    "oomKills": _figure(int(is_over)),
                },
                "cpu": {
                    "grantedCores": memory / 4096,
                    "usedSecs": _figure(None),
                    "throttledShare": _figure(0.25),
                },
                "disk": {"peakBytes": _figure(4096)},
                "cost": {"computeUnits": _figure(memory / 1024 * 4 / 3600), "usageUsd": _figure(memory * 1e-6)},
            }
        )

    def _need(self, run_id: str) -> float:
        return float(self.inputs[run_id].get("needMbytes", 60))


def _figure(value: float | None, *, is_lower_bound: bool = False) -> dict[str, Any]:
    return {"value": value, "basis": None if value is None else "measured", "isLowerBound": is_lower_bound}
