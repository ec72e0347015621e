"""The stub API with fits whose runs need memory, as their inputs state, and end immediately.

An input with `needMbytes` makes a run fail at its limit; `status` and `exitCode` are those of all runs of an input.
"""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.response.fits import _live_run, fit_details
from runtime.base.json_text import dumps
from runtime.base.memory_sizes import ALL_SIZES
from runtime.base.records import (
    Budget,
    Fit,
    FitPlan,
    FitProblem,
    FitStatus,
    LiveTrial,
    Measurement,
    Meta,
    Origin,
    Strategy,
    Trial,
)
from runtime.base.sizes import MBYTE
from runtime.fits.measurements import cells_of
from runtime.fits.result import result_of, wanted_runs
from runtime.fits.search import next_trials
from tests.cli.stub import StubApi, error
from tests.runtime.fits.models import a_measurement

DEFAULT_MBYTES = 1024


class FitStub(StubApi):
    """One fit at a time. Each request for it makes one step: it plans a batch of runs, or measures one.

    While a run at `interrupts_at` megabytes is live, a command that waits for the fit is interrupted; with
    `interrupts_start`, one that starts it. After
    `most_runs`, the fit fails. `start_problem` is the response to the start of a fit. `trials` are all that were made.
    """

    fit: Fit

    def __init__(self) -> None:
        self.interrupts_at: int | None = None
        self.interrupts_start = False
        self.most_runs: int | None = None
        self.start_problem: tuple[int, str, str] | None = None
        self.order: dict[str, Any] = {}
        self.trials: list[Trial] = []
        self._bodies: list[str | None] = []
        super().__init__()

    def _routes(self) -> list[Route]:
        return [
            Route("/greenroom/fits", self._start_fit, methods=["POST"]),
            Route("/greenroom/fits/f1", self._get_fit),
            Route("/greenroom/fits/f1/stop", self._stop_fit, methods=["POST"]),
            *super()._routes(),
        ]

    async def _start_fit(self, request: Request) -> Response:
        self.requests.append(f"fit?{request.url.query}")
        if self.start_problem:
            return error(self.start_problem)
        if self.interrupts_start:
            os.kill(os.getpid(), signal.SIGINT)
        self.order = order = await request.json()
        inputs = order["inputs"]
        self._bodies = [None if each["body"] is None else dumps(each["body"]).decode() for each in inputs]
        self.fit = Fit(
            id="f1",
            user_id="u1",
            actor_id=order["actor"],
            actor_name="greeter",
            build_id="b1",
            build_number=request.query_params["build"],
            created_at=0,
            meta=Meta(origin=Origin.CLI),
            plan=FitPlan(
                sizes=tuple(order["sizes"] or ALL_SIZES),
                inputs=len(inputs),
                first=int(request.query_params.get("memory", DEFAULT_MBYTES)),
                repeat=order["repeat"],
                strategy=Strategy(order["strategy"]),
                sweeps=order["sizes"] is not None,
            ),
            labels=tuple(each["label"] for each in inputs),
            parallel=order["parallel"],
            budget=Budget(secs=order["budgetSecs"], usd=order["budgetUsd"]),
        )
        return self._shown(201)

    async def _get_fit(self, request: Request) -> Response:
        if any(live.trial.memory_mbytes == self.interrupts_at for live in self.fit.live):
            self.interrupts_at = None
            os.kill(os.getpid(), signal.SIGINT)
        elif self.fit.status is FitStatus.STOPPING:
            self.fit = replace(self.fit, status=FitStatus.STOPPED, live=())
        else:
            self._step()
        return self._shown()

    async def _stop_fit(self, request: Request) -> Response:
        self.requests.append("stop")
        self.fit = replace(self.fit, status=FitStatus.STOPPING)
        return self._shown()

    def _step(self) -> None:
        fit = self.fit
        if fit.live:
            live, *rest = fit.live
            self.fit = replace(fit, live=tuple(rest), measured=(*fit.measured, self._measure(live)))
            return
        trials = next_trials(fit.plan, cells_of(fit.measured))
        is_spent = fit.budget.is_spent(0.0, sum(run.cost_usd for run in fit.measured))
        if not trials or is_spent:
            self.fit = replace(fit, status=FitStatus.FINISHED, is_budget_spent=is_spent and bool(trials))
        elif len(self.trials) == self.most_runs:
            problem = FitProblem(slug="actor-memory-limit-exceeded", message="You would exceed the memory limit")
            self.fit = replace(fit, status=FitStatus.FAILED, problem=problem)
        else:
            self.fit = replace(fit, live=tuple(map(self._start, trials[: fit.parallel])))

    def _start(self, trial: Trial) -> LiveTrial:
        self.trials.append(trial)
        return LiveTrial(run_id=f"r{len(self.trials)}", trial=trial, busy_secs=0.0, is_started=True)

    def _measure(self, live: LiveTrial) -> Measurement:
        trial, body = live.trial, self.order["inputs"][live.trial.input]["body"] or {}
        need, size = float(body.get("needMbytes", 60)), trial.memory_mbytes
        is_over = need >= size
        return a_measurement(
            run_id=live.run_id,
            input=trial.input,
            memory_mbytes=size,
            is_proof=trial.is_proof,
            status="FAILED" if is_over else body.get("status", "SUCCEEDED"),
            exit_code=137 if is_over else body.get("exitCode", 0),
            secs=4.0,
            peak_bytes=min(need, size) * MBYTE,
            is_peak_cut=is_over,
            oom_kills=int(is_over),
            throttled_share=0.25,
            compute_units=size / 1024 * 4 / 3600,
            cost_usd=size * 1e-6,
        )

    def _shown(self, status: int = 200) -> Response:
        fit = replace(self.fit, changes=self.fit.changes + 1)
        live = tuple(_live_run(each, None) for each in fit.live)
        shown = fit_details(fit, result_of(fit, self._bodies, host_cores=64), wanted_runs(fit), live)
        return JSONResponse(shown.model_dump(mode="json", by_alias=True), status)
