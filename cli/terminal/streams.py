"""The standard streams of the command, which can stop accepting text at any time.

The reader of a pipe can close it (`greenroom run | head`), a terminal can disappear, a disk can be full. None of these
may end the command in the middle of its work, because nobody would abort the run that it started.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from cli.errors import CommandError

UNREAD = frozenset({errno.EPIPE, errno.EIO})
"""Errors of a write that mean that nobody can read the text: the pipe or the terminal is closed."""


class OutputError(CommandError):
    """Text could not be written to stdout, although somebody may read it."""


class StandardStream(io.TextIOBase):
    """The current `sys.stdout` or `sys.stderr`, without the errors that a write can raise.

    After a stream has been closed by its reader, text for it is dropped. Any other failed write to stdout raises
    OutputError. On stderr there is nobody left to whom it could be reported.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def stream(self) -> TextIO:
        stream = getattr(sys, self._name)
        # While Rich shows progress, it replaces the stream by a proxy that prints to a console on this stream.
        unwrapped: TextIO = getattr(stream, "rich_proxied_file", stream)
        return unwrapped

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self.stream.encoding

    @property
    def is_ascii(self) -> bool:
        """Whether the stream may lack block characters and other symbols."""
        return not self.encoding.lower().startswith("utf")

    def isatty(self) -> bool:
        return self.stream.isatty()

    def fileno(self) -> int:
        return self.stream.fileno()

    def write(self, text: str) -> int:
        """Write text. A character that cannot be encoded is written as its escape sequence, which is valid in JSON."""
        encoded = text.encode(self.encoding, "backslashreplace").decode(self.encoding)
        with self._reported():
            self.stream.write(encoded)
        return len(text)

    def write_bytes(self, content: bytes) -> None:
        """Write bytes as they are, after all text that was written before."""
        with self._reported():
            self.stream.flush()
            self.stream.buffer.write(content)
            self.stream.buffer.flush()

    def flush(self) -> None:
        with self._reported():
            self.stream.flush()

    def discard(self) -> None:
        """Drop all text from now on, including what is still in a buffer."""
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, self.stream.fileno())
        os.close(null)

    @contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.discard()
            if self._name == "stdout" and error.errno not in UNREAD:
                message = f"The output could not be written to stdout: {error.strerror}."
                raise OutputError(message, code="output-failed") from error


def _replace_missing() -> None:
    """Open the null device for each stream that the command was started without, as by `greenroom run >&-`.

    Otherwise the next file that is opened would get the stream's number, and text for the stream. `sys.stdin` stays
    None, so that an input from stdin can be rejected.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            if name != "stdin":
                setattr(sys, name, open(number, "w", encoding="utf-8"))  # noqa: SIM115


_replace_missing()
stdout = StandardStream("stdout")
stderr = StandardStream("stderr")
