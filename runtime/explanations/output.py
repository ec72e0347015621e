"""The last output of a job, and the error at its end.

Everything in it was written by an Actor, so lines are cut before regular expressions are applied to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from runtime.base.clock import millis_of
from runtime.containers import LogLine

MAX_LINE = 500
LAST_LINES = 40
"""An error further above the end is not the last thing that happened."""
NEW_CONTAINER = "ACTOR: Creating Docker container."
ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
TRACEBACK = re.compile(r"\s*(?:[+|] *)*Traceback \(most recent call last\):")
CHAINED = re.compile(r"\s*(?:During handling of the above exception|The above exception was the direct cause)")
PYTHON_ERROR = re.compile(r"\s*(?P<type>[A-Za-z_][\w.]*)(?:: (?P<message>.*))?$")
PYTHON_FRAME = re.compile(r'\s*File "(?P<file>[^"]+)", line (?P<line>\d+)(?:, in (?P<function>.+))?')
NODE_FRAME = re.compile(
    r"\s+at (?:async )?(?:(?P<function>[^()]+) \()?(?:file://)?(?P<file>[^():]+):(?P<line>\d+):\d+\)?"
)
ANY_NODE_FRAME = re.compile(r"\s+at \S")
NODE_ERROR = re.compile(r"\b(?P<type>\w*(?:Error|Exception))(?: \[\w+\])?: (?P<message>.+)")
NOT_OWN_CODE = re.compile(r"site-packages/|dist-packages/|/lib/python3|<frozen|node_modules/|node:")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a log. `stamp` is an RFC 3339 timestamp."""

    stamp: str
    stream: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalError:
    """The traceback or stack trace with which the output ends.

    `first` is the position of its first line, `last` that of the line that names the error or of the last frame.
    """

    first: int
    last: int
    type: str
    message: str
    text: str
    place: str | None


class Output:
    """The last lines of a log.

    `lines` are those that the job's last container wrote, `system` those of the system. `last_at` is the time of the
    last of `lines`.
    """

    def __init__(self, log: Iterable[LogLine]) -> None:
        everything = [Line(each.stamp, each.stream, _clean(each.text)) for each in log]
        self.all = _of_last_container(everything)
        own = [each for each in self.all if each.stream != "actor"]
        self.lines = [each.text for each in own]
        self.system = [each.text for each in everything if each.stream == "actor"]
        self.last_at = millis_of(datetime.fromisoformat(own[-1].stamp)) if own else None
        self.final_error = _final_error(self.lines)

    def last_match(self, patterns: Iterable[re.Pattern[str]]) -> tuple[int, re.Match[str]] | None:
        """The last line that one of the patterns matches: its position, and the match."""
        compiled = tuple(patterns)
        for position in range(len(self.lines) - 1, -1, -1):
            for pattern in compiled:
                if match := pattern.search(self.lines[position]):
                    return position, match
        return None

    def is_at_end(self, position: int) -> bool:
        """Whether a line belongs to the error at the end, or, without such an error, to the last lines.

        The lines after the error belong to it too: its message can have many, such as the log of a browser.
        """
        error = self.final_error
        return position >= (len(self.lines) - LAST_LINES if error is None else error.first)


def _clean(text: bytes) -> str:
    return ANSI.sub("", text[: 4 * MAX_LINE].decode(errors="replace"))[:MAX_LINE].rstrip()


def _of_last_container(lines: list[Line]) -> list[Line]:
    starts = [index for index, each in enumerate(lines) if each.stream == "actor" and each.text == NEW_CONTAINER]
    return lines[starts[-1] :] if starts else lines


def _final_error(lines: list[str]) -> FinalError | None:
    found = [error for error in (_python_error(lines), _node_error(lines)) if error is not None]
    last = max(found, key=lambda error: error.last, default=None)
    return last if last is not None and last.last >= len(lines) - LAST_LINES else None


def _python_error(lines: list[str]) -> FinalError | None:
    """The last traceback, with the ones that it is chained to."""
    starts = [index for index, line in enumerate(lines) if TRACEBACK.match(line)]
    if not starts:
        return None
    first = last = starts[-1]
    while (earlier := _chained_start(lines, starts, first)) is not None:
        first = earlier
    place, indent = None, len(lines[last]) - len(lines[last].lstrip(" +|"))
    for index in range(last + 1, len(lines)):
        line = lines[index]
        if (frame := PYTHON_FRAME.match(line.lstrip(" +|"))) and not NOT_OWN_CODE.search(frame["file"]):
            place = f"{frame['file']}, line {frame['line']}"
        if len(line) - len(line.lstrip(" +|")) > indent or not line.strip():
            continue
        error = PYTHON_ERROR.match(line.lstrip(" +|"))
        if error is None:
            return None
        return FinalError(
            first=first,
            last=index,
            type=error["type"].rpartition(".")[2],
            message=error["message"] or "",
            text=line.strip(" +|"),
            place=place,
        )
    return None


def _chained_start(lines: list[str], starts: list[int], start: int) -> int | None:
    """The start of the traceback to which the one at `start` is chained."""
    if not any(CHAINED.match(line) for line in lines[max(0, start - 3) : start]):
        return None
    return max((each for each in starts if each < start), default=None)


def _node_error(lines: list[str]) -> FinalError | None:
    """The last stack trace of JavaScript: the lines before its frames name the error."""
    frames = [index for index, line in enumerate(lines) if ANY_NODE_FRAME.match(line)]
    if not frames:
        return None
    last = frame = frames[-1]
    while frame > 0 and ANY_NODE_FRAME.match(lines[frame - 1]):
        frame -= 1
    titles = [index for index in range(max(0, frame - 5), frame) if NODE_ERROR.search(lines[index])]
    if not titles:
        return None
    error = NODE_ERROR.search(lines[titles[-1]])
    assert error is not None, "it was searched above"
    own = (NODE_FRAME.match(line) for line in lines[frame : last + 1])
    place = next((f"{each['file']}, line {each['line']}" for each in own if each and _is_own(each["file"])), None)
    first = max(0, titles[-1] - 5)
    return FinalError(
        first=first,
        last=last,
        type=error["type"],
        message=error["message"],
        text=lines[titles[-1]].strip(),
        place=place,
    )


def _is_own(file: str) -> bool:
    return not NOT_OWN_CODE.search(file)
