"""The loop of `greenroom run --watch`: build, run, wait for a change, and run or build again."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from cli.actors.folder import ActorFolder, read_actor_folder, read_build_context
from cli.client import Client, connected
from cli.errors import BUILD_FAILED, COMMAND_FAILED, INVALID_INPUT, CommandError
from cli.runs.debugger import Debugger
from cli.runs.target import RunArguments, RunTarget, given_input, prepare_target
from cli.terminal import print_error, print_message
from cli.terminal.interrupts import deferred_interrupts
from cli.watch.changes import SourceChanges
from cli.watch.live_run import LiveRun

SHOWN_PATHS = 3
ACTIONS = {"restart": "Running again", "rebuild": "Building again"}
CORRECTABLE = frozenset({BUILD_FAILED, INVALID_INPUT})
"""Errors that the next change of the source can correct."""


def watch_actor(arguments: RunArguments) -> int:
    """Run the Actor again whenever its source changes, until an interrupt. Raises CommandError."""
    folder = read_actor_folder(Path(arguments.source))
    with connected(arguments.start.data_dir, arguments.start.configuration, prepares_networks=True) as client:
        loop = _Loop(client, folder, arguments)
        try:
            loop.run()
        except KeyboardInterrupt:
            print_message("\nStopping.")
        finally:
            loop.end()
    return 0


class _Loop:
    def __init__(self, client: Client, folder: ActorFolder, arguments: RunArguments) -> None:
        self._client = client
        self._folder = folder
        self._arguments = arguments
        self._target: RunTarget | None = None
        self._live: LiveRun | None = None
        self._debugger = Debugger(client, folder.path) if arguments.debug else None

    def run(self) -> None:
        """Build and start the first run, then react to changes until KeyboardInterrupt."""
        with closing(SourceChanges(self._watched())) as changes:
            self._react("rebuild")
            while True:
                paths = changes.next()
                need = self._need(paths)
                if need == "nothing":
                    continue
                print_message(f"Changed: {_shown(paths, self._root)}. {ACTIONS[need]}.")
                self._react(need)

    def end(self) -> None:
        if self._live is not None:
            self._live.end()

    @property
    def _root(self) -> Path:
        return self._folder.path or Path()

    def _watched(self) -> list[str]:
        """Return the Actor's folder, and the build context if actor.json names another folder."""
        context = read_build_context(self._root)
        return sorted({str(self._root), *([] if context is None else [str(context)])})

    def _need(self, paths: Iterable[str]) -> str:
        """Return what the changes need. Without a build, any change may correct the source."""
        if self._target is None:
            return "rebuild"
        return str(self._client.development.judge_changes(self._target.build["id"], paths)["need"])

    def _react(self, need: str) -> None:
        """Replace the live run, after a new build if that is needed. An error that a change can correct is printed."""
        replaced = self._live
        if replaced is not None:
            replaced.replace()
        try:
            if need == "rebuild" or self._target is None:
                self._target = None
                self._target = self._build()
            self._start(self._target, replaced)
        except CommandError as error:
            if error.exit_code not in CORRECTABLE:
                raise
            print_error(error)
            print_message("Waiting for changes.")

    def _build(self) -> RunTarget:
        self._folder = read_actor_folder(self._root)
        body = given_input(self._arguments, self._folder)
        return prepare_target(self._client, self._folder, body, self._arguments)

    def _start(self, target: RunTarget, replaced: LiveRun | None) -> None:
        """Start a run, which has new default storages. If it is rejected while the old run ends, try it once more."""
        if self._debugger is not None:
            if replaced is not None:
                replaced.wait()  # it still has the port of the debugger
            target = self._debugger.waits_in(target)
        params = {**target.params, "devFolder": 1}
        with deferred_interrupts():
            try:
                run = self._client.runs.start(target.actor["id"], params, target.body)
            except CommandError as error:
                if replaced is None or error.exit_code != COMMAND_FAILED:
                    raise
                replaced.wait()  # it still had the memory that the user's plan allows
                run = self._client.runs.start(target.actor["id"], params, target.body)
            self._live = LiveRun(self._client, run)
        print_message(f"Run {run['id']} of {target.actor['name']}, build {target.build['buildNumber']}")


def _shown(paths: Iterable[str], root: Path) -> str:
    names = sorted(os.path.relpath(path, root) for path in paths)
    more = f" and {len(names) - SHOWN_PATHS} more" if len(names) > SHOWN_PATHS else ""
    return ", ".join(names[:SHOWN_PATHS]) + more
