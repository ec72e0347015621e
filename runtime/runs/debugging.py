"""How the container of a debugged run starts: its Actor waits for a debugger, without a change to the Actor.

A command that starts Python directly is changed so that it starts debugpy with the same program. Everything else gets
environment variables, which Node.js and Python read in every process: the first process that runs a program of the
Actor waits. So `npm start`, shell scripts and other launchers work too.

Sources: the command line of debugpy, `NODE_OPTIONS` and `inspector.open` of Node.js, `sitecustomize` of Python.
"""

from __future__ import annotations

import importlib.util
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path, PurePosixPath

from runtime.containers import Image, Mount, StartFailed

SCRIPTS = "/greenroom/debuggers"
PACKAGES = "/greenroom/packages"
"""Folders in the container, which hold the scripts beside this module, and debugpy."""
MARK = "/tmp/greenroom-debugger"  # in the container
"""The file in the container that the scripts create before they wait for a debugger."""
PYTHON = re.compile(r"(python|pypy)[\d.]*")
NODE = frozenset({"node", "npm", "npx", "yarn", "pnpm", "tsx", "ts-node", "nodemon"})
OPTIONS_WITH_VALUE = frozenset({"-W", "-X", "--check-hash-based-pycs"})
SHELLS = frozenset({"sh", "bash", "dash", "ash"})
SHELL_SYNTAX = re.compile(r"[|&;<>()$`*?#~\n]")


class Language(StrEnum):
    NODE = "node"
    PYTHON = "python"
    UNKNOWN = "unknown"  # a script, which may start either


@dataclass(frozen=True, slots=True, kw_only=True)
class DebugStart:
    """What the container of a debugged run gets beside its usual parameters."""

    start: Sequence[str]
    environment: Mapping[str, str]
    mounts: Sequence[Mount]


def language_of(image: Image) -> Language:
    """Return the language that the image starts: that of the first known program in its command."""
    for word in " ".join(image.start).split():
        program = PurePosixPath(word.strip("'\"();&")).name
        if PYTHON.fullmatch(program):
            return Language.PYTHON
        if program in NODE:
            return Language.NODE
    return Language.UNKNOWN


def debug_start(image: Image, environment: Mapping[str, str], port: int) -> DebugStart:
    """Let the Actor wait for a debugger at this port of the container. Raises StartFailed."""
    if not image.start:
        raise StartFailed(
            "The image has neither ENTRYPOINT nor CMD, so there is nothing to debug. Add a CMD to its Dockerfile"
        )
    known = {**image.environment, **environment}
    variables = {
        "GREENROOM_DEBUG_PORT": str(port),
        "GREENROOM_DEBUGPY": PACKAGES,
        "GREENROOM_DEBUG_MARK": MARK,
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # it would warn about the modules that Python contains
        "NODE_OPTIONS": f"{known.get('NODE_OPTIONS', '')} --require={SCRIPTS}/attach.cjs".strip(),
    }
    result = DebugStart(start=image.start, environment=variables, mounts=_mounts())
    if starts_python(image.start):
        return replace(result, start=_with_debugpy(_plain_words(image.start), port))
    path = f"{SCRIPTS}:{known['PYTHONPATH']}" if known.get("PYTHONPATH") else SCRIPTS
    return replace(result, environment={**variables, "PYTHONPATH": path})


def starts_python(start: Sequence[str]) -> bool:
    """Return whether the command starts Python directly, so that debugpy certainly starts, too."""
    return bool(start) and PYTHON.fullmatch(PurePosixPath(_plain_words(start)[0]).name) is not None


def opens_debugger(command: str) -> bool:
    """Return whether a command opens a debugger by itself: `deno run --inspect-brk=0.0.0.0:9229 main.ts`."""
    return "--inspect" in command or "GREENROOM_DEBUG_PORT" in command


def waits_for_debugger(command: str) -> bool:
    """Return whether a command that opens a debugger by itself waits for it before it starts the Actor."""
    return any(option in command for option in ("--inspect-brk", "--inspect-wait", "--wait-for-client"))


def _plain_words(start: Sequence[str]) -> list[str]:
    """Return the command without a shell that only starts it: the form `CMD python main.py` of a Dockerfile."""
    words = [*start]
    if len(words) == 3 and PurePosixPath(words[0]).name in SHELLS and words[1] == "-c":
        if SHELL_SYNTAX.search(words[2]):
            return words
        try:
            words = shlex.split(words[2]) or words
        except ValueError:  # the shell reports what is wrong with it
            return words
        words = words[1:] if words[:1] == ["exec"] else words
    return words


def _with_debugpy(words: Sequence[str], port: int) -> list[str]:
    """Start debugpy with the program of a Python command. Options such as -S and -I stay."""
    options, program = _split_python(words[1:])
    debugpy = [f"{PACKAGES}/debugpy", "--listen", f"0.0.0.0:{port}", "--wait-for-client"]
    return [words[0], *options, *debugpy, *program]


def _split_python(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split the arguments of Python into its options and the program, which is a script, `-m MODULE` or `-c CODE`."""
    options: list[str] = []
    rest = [*words]
    while rest and rest[0].startswith("-") and rest[0] != "-":
        word = rest.pop(0)
        if not word.startswith("--") and word[-1] in "mc":
            return [*options, *([word[:-1]] if len(word) > 2 else [])], [f"-{word[-1]}", *rest]
        options.append(word)
        if word in OPTIONS_WITH_VALUE and rest:
            options.append(rest.pop(0))
    if not rest:
        raise StartFailed("The image starts Python without a program, so there is nothing to debug")
    return options, rest


def _mounts() -> list[Mount]:
    found = importlib.util.find_spec("debugpy")
    if found is None or found.origin is None:
        raise StartFailed("The package debugpy is not installed beside Greenroom. Install Greenroom again")
    scripts = Path(__file__).parent / "debuggers"
    return [Mount(str(scripts), SCRIPTS), Mount(str(Path(found.origin).parent), f"{PACKAGES}/debugpy")]
