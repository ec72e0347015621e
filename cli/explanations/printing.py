"""An explanation as text: the strongest cause, then each cause with its evidence, and the next command to type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.text import Text

from cli import terminal
from cli.terminal.text import printable
from runtime.base.json_text import JsonDict

MAX_WIDTH = 120
INDENT = 3
CERTAINTY_STYLES = {"certain": "bold", "likely": "yellow", "circumstance": "dim"}
CERTAINTY_NOTES = {
    "certain": "certain",
    "likely": "likely",
    "circumstance": "may have nothing to do with the end",
}


def print_explanation(explanation: JsonDict) -> None:
    """Print the explanation to stdout, wrapped to the width of the terminal."""
    summary, command = explanation["summary"], explanation["command"]
    _print(Text(f"{explanation['status']}  {explanation['kind']} {explanation['id']}", "bold"))
    _print_wrapped(summary, indent=0)
    for number, cause in enumerate(explanation["causes"], 1):
        _print(Text())
        _print_cause(number, cause, summary, command)
    if explanation["facts"]:
        _print(Text("\nNumbers", "bold"))
        _print_rows((fact["source"], fact["text"]) for fact in explanation["facts"])
    if explanation["lastLines"]:
        _print(Text("\nEnd of the log", "bold"))
        for line in explanation["lastLines"]:
            _print(Text.assemble(" " * INDENT, (_cut(printable(line)), "dim")))
    _print(Text.assemble(("\nNext: ", "bold"), printable(command)))


def _print_cause(number: int, cause: JsonDict, summary: str, command: str) -> None:
    """Print a cause. What the summary and the last line of the output contain is not repeated."""
    certainty = cause["certainty"]
    note = (f"({CERTAINTY_NOTES[certainty]})", CERTAINTY_STYLES[certainty])
    _print(Text.assemble(f"{number}. {cause['id']}  ", note))
    if cause["sentence"] not in summary:
        _print_wrapped(cause["sentence"])
    _print_rows((each["source"], each["text"]) for each in cause["evidence"])
    if cause["advice"]:
        _print_wrapped(cause["advice"])
    if cause["command"] not in (None, command):
        _print(Text.assemble(" " * INDENT, (printable(cause["command"]), "cyan")))


def _print_wrapped(text: str, indent: int = INDENT) -> None:
    for line in _wrapped(printable(text), indent):
        _print(Text(" " * indent + line))


def _print_rows(rows: Iterable[tuple[str, str]]) -> None:
    """Print labels and texts in two columns. A long text continues below its own column."""
    listed = list(rows)
    width = max(len(label) for label, _ in listed)
    for label, text in listed:
        for index, line in enumerate(_wrapped(printable(text), INDENT + width + 2)):
            shown = label if index == 0 else ""
            _print(Text.assemble(" " * INDENT, (shown.ljust(width), "dim"), "  ", line))


def _wrapped(text: str, indent: int) -> Iterator[str]:
    lines = Text(text).wrap(terminal.stdout, max(20, _width() - indent))
    yield from (line.plain.rstrip() for line in lines)


def _cut(line: str) -> str:
    """Return the part of a log line that fits into one line of the terminal."""
    most = _width() - INDENT
    return line if len(line) <= most else f"{line[: most - 1]}…"


def _print(line: Text) -> None:
    """Print a line as it is: a terminal can be narrower than a command that the user copies."""
    terminal.stdout.print(line)


def _width() -> int:
    return min(terminal.stdout.width, MAX_WIDTH)
