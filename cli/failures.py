"""How every command ends when it fails: its message or JSON object, and its exit code."""

from __future__ import annotations

import re
import signal
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from cli import terminal
from cli.errors import ABORTED, COMMAND_FAILED, USAGE, CommandError
from cli.terminal import streams
from cli.terminal.streams import OutputError

JSON_OPTION = "--json"
LINE_END = re.compile(r"(?<!\n)\n(?!\n)")
"""The end of a line within a paragraph."""
UsageError: type[Exception] = typer.BadParameter.__mro__[1]
"""The class of all errors in the arguments. Typer does not export it."""


class CommandGroup(TyperGroup):
    """Prints each failure of a command, to stderr or, with --json, to stdout as one JSON object."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        own = args[: args.index("--")] if "--" in args else args  # the others are for the command of `greenroom exec`
        self._as_json = JSON_OPTION in own
        with _failures(as_json=self._as_json):
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])  # blocked by greenroom/__main__.py
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: Any) -> Any:
        with _failures(as_json=self._as_json):
            return super().invoke(ctx)


class Command(TyperCommand):
    """Shows a required argument as PATH in the usage, where Typer would show {PATH}, and wraps its help like text."""

    def __init__(self, *args: Any, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.help = LINE_END.sub(" ", self.help) if self.help else None

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]


@contextmanager
def _failures(*, as_json: bool) -> Iterator[None]:
    try:
        yield
    except UsageError as error:
        error.exit_code = USAGE  # type: ignore[attr-defined]
        if not as_json:
            raise  # Typer prints it beside the usage of the command
        _end(_usage_error(error), error, as_json=True)
    except CommandError as error:
        _end(error, error, as_json=as_json)
    except KeyboardInterrupt as interrupt:
        _end(CommandError("The command was interrupted.", exit_code=ABORTED), interrupt, as_json=as_json)
    except (typer.Exit, typer.Abort):
        raise
    except BrokenPipeError as error:  # of Typer itself, as in `greenroom --help | head -1`
        streams.stdout.discard()
        raise typer.Exit(ABORTED) from error
    except Exception as problem:
        traceback.print_exc()
        message = f"Greenroom failed because of an error in it ({type(problem).__name__}: {problem})."
        _end(CommandError(message, exit_code=COMMAND_FAILED, code="internal-error"), problem, as_json=as_json)


def _usage_error(error: Any) -> CommandError:
    """Return an error in the arguments, with the advice that Typer prints without --json."""
    advice = f"Show the options with `{error.ctx.command_path} --help`." if error.ctx else ""
    return CommandError(error.format_message(), advice, exit_code=USAGE)


def _end(error: CommandError, cause: BaseException, *, as_json: bool) -> None:
    if as_json:
        try:
            terminal.print_json(error.json)
        except OutputError as problem:  # the exit code remains that of the first error
            terminal.print_error(problem)
    terminal.print_error(error)
    raise typer.Exit(error.exit_code) from cause
