"""The changed files of an Actor's source, in batches."""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence

from watchfiles import BaseFilter, watch

from cli.errors import CommandError

STEP_MILLIS = 50
"""A batch is complete when nothing changes for this time: editors and git write several files together."""
IGNORED_FOLDERS = (".git", "node_modules", ".venv", "venv", "__pycache__", ".idea")
"""Folders that are not part of a source, and whose files change often. The server decides about all other files."""


class _Filter(BaseFilter):
    ignore_dirs = IGNORED_FOLDERS
    ignore_entity_patterns = (r"\.py[cod]$", r"\.sw.$", r"~$", r"^\.DS_Store$", r"^\.#", r"^4913$")
    """Compiled files, and the temporary files of editors."""


class SourceChanges:
    """Watches folders in a thread until it is closed."""

    def __init__(self, folders: Sequence[str]) -> None:
        self._folders = folders
        self._batches: queue.SimpleQueue[frozenset[str] | CommandError] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def next(self) -> frozenset[str]:
        """Wait for the next batch of paths. Raises CommandError if the folders cannot be watched."""
        paths = self._next()
        while not self._batches.empty():
            paths |= self._next()
        return paths

    def _next(self) -> frozenset[str]:
        batch = self._batches.get()
        if isinstance(batch, CommandError):
            raise batch
        return batch

    def close(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _watch(self) -> None:
        try:
            for changes in watch(
                *self._folders,
                watch_filter=_Filter(),
                step=STEP_MILLIS,
                stop_event=self._stopped,
                rust_timeout=200,
                yield_on_timeout=False,
                raise_interrupt=False,
            ):
                self._batches.put(frozenset(path for _, path in changes))
        except Exception as problem:  # watchfiles raises OSError and errors of its own
            advice = "On Linux, a larger fs.inotify.max_user_watches allows more folders."
            self._batches.put(CommandError(f"The source cannot be watched: {problem}.", advice))
