"""Reports in the log of a debugged run that no debugger can attach, because no supported program has started.

The scripts in `runs/debuggers/` create a file in the container before they wait for a debugger. A slow start has no
such file yet either. So the report needs more: the run has ended, or the same programs have run for STEADY_MILLIS, and
none of them installs, compiles or waits.
"""

from __future__ import annotations

import asyncio
import logging
import re
import shlex
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePosixPath

from runtime.base.clock import Clock, Millis
from runtime.base.lifecycle import JobStatus
from runtime.base.records import Build
from runtime.containers import ContainerProcess, Containers
from runtime.runs import messages
from runtime.runs.debugging import MARK, opens_debugger, starts_python, waits_for_debugger
from runtime.runs.limit_watchers import WatchedRun
from runtime.runs.retries import retry_until_successful
from runtime.runs.runs import Runs

logger = logging.getLogger("greenroom.supervisor")

PAUSE_SECS = 5.0
STEADY_MILLIS = 30_000
PREPARING = frozenset(
    {"npm", "npm-cli", "npx", "yarn", "pnpm", "corepack", "node-gyp", "tsc", "webpack", "vite", "esbuild", "swc"}
    | {"pip", "pip3", "uv", "poetry", "pipenv", "pdm", "apt", "apt-get", "apk", "dpkg", "make", "gcc", "cargo", "rustc"}
    | {"git", "curl", "wget", "tar", "unzip", "sleep"}
)
"""Programs that prepare the start of an Actor, or wait for something that it needs."""
NAME_WORDS = 3
"""A command names its program in the first words: `tsc`, `node .bin/tsc`, `python3 -m pip`."""


@dataclass(slots=True)
class _Findings:
    is_done: bool = False
    """True if a debugger can attach, or the report is written."""


class DebuggerCheck:
    """Checks whether debugged runs wait for their debuggers."""

    def __init__(self, containers: Containers, runs: Runs, clock: Clock) -> None:
        self._containers = containers
        self._runs = runs
        self._clock = clock

    @asynccontextmanager
    async def watch(self, watched: WatchedRun, build: Build) -> AsyncIterator[None]:
        """Check the running container while the body waits for its end, and once more when it has ended by itself."""
        if watched.run.debug_port is None or self._is_reported(watched):
            yield
            return
        findings = _Findings()
        check = partial(self._check_until_done, watched, build, findings)
        async with asyncio.TaskGroup() as group:
            watched.hold.before_deadline = partial(self._note_wait, watched, findings)
            task = group.create_task(retry_until_successful(check, self._clock, watched.run.id))
            yield
            task.cancel()
        try:
            await self._check_at_end(watched, build, findings)
        except Exception:  # an error in the check must not change how the run ends
            logger.exception("The debugger of run %s could not be checked", watched.run.id)

    async def _check_until_done(self, watched: WatchedRun, build: Build, findings: _Findings) -> None:
        start = await self._start_of(build)
        findings.is_done = starts_python(start) or any(map(opens_debugger, start))
        if starts_python(start) or any(map(waits_for_debugger, start)):
            watched.hold.waits(watched.run.container_started_at or self._clock.now())
        steady: Sequence[str] = ()
        since = self._clock.now()
        while not findings.is_done:
            await self._note_wait(watched, findings)
            if findings.is_done:
                return
            programs = leaf_programs(await self._containers.processes(watched.container.id))
            if programs != steady:
                steady, since = programs, self._clock.now()
            findings.is_done = any(map(opens_debugger, programs))
            if any(map(waits_for_debugger, programs)):
                watched.hold.waits(self._clock.now())
            if not findings.is_done and is_started(programs) and self._clock.now() - since >= STEADY_MILLIS:
                await self._report(watched, messages.no_debugger(programs), findings)
            await self._clock.sleep(PAUSE_SECS)

    async def _check_at_end(self, watched: WatchedRun, build: Build, findings: _Findings) -> None:
        """Report the end of an Actor that nobody stopped."""
        if findings.is_done or self._runs.get(watched.run.id).status is not JobStatus.RUNNING:
            return
        start = await self._start_of(build)
        if starts_python(start) or any(map(opens_debugger, start)) or await self._waits_since(watched) is not None:
            return
        await self._report(watched, messages.ended_without_debugger(shlex.join(start)), findings)

    async def _report(self, watched: WatchedRun, text: str, findings: _Findings) -> None:
        """Write the report once, even if the server restarts in the meantime."""
        await self._runs.change(watched.run.id, lambda now: replace(now, is_debugger_missing=True))
        findings.is_done = True
        watched.log.system(text)

    def _is_reported(self, watched: WatchedRun) -> bool:
        return self._runs.get(watched.run.id).is_debugger_missing

    async def _note_wait(self, watched: WatchedRun, findings: _Findings) -> None:
        """Let the run's deadline wait too if a program has begun to wait for a debugger."""
        since = None if findings.is_done else await self._waits_since(watched)
        if since is not None:
            findings.is_done = True
            watched.hold.waits(since)

    async def _waits_since(self, watched: WatchedRun) -> Millis | None:
        return await self._containers.modified_at(watched.container.id, MARK)

    async def _start_of(self, build: Build) -> Sequence[str]:
        image = await self._containers.image(build.image or "")
        return () if image is None else image.start


def leaf_programs(processes: Sequence[ContainerProcess]) -> Sequence[str]:
    """Return the commands of the processes that have not started others: launchers and shells do not count."""
    parents = {each.parent for each in processes}
    return [each.command for each in processes if each.pid not in parents]


def is_started(programs: Sequence[str]) -> bool:
    """Return whether these programs can be the Actor: there are some, and none of them prepares its start."""
    return bool(programs) and not any(PREPARING & set(_names(command)) for command in programs)


def _names(command: str) -> list[str]:
    words = re.split(r"\s+", command)[:NAME_WORDS]
    return [PurePosixPath(word).name.removesuffix(".js") for word in words]
