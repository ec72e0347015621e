"""Python imports this before every program in the container of a debugged run that does not start Python directly.

The first process that runs a program of the Actor starts debugpy and waits for a debugger. This file must also work
with the oldest Python version of an Actor, so it uses no newer syntax.
"""

import contextlib
import os
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
TOOLS = ("pip", "pip3", "uv", "poetry", "pipenv", "pdm", "hatch", "compileall", "venv")
"""Programs that prepare or start the Actor. Those that start it do so in a process of their own."""


def runs_program_of_actor(words: "list[str]") -> bool:
    """Return whether the command line of a process runs a script or a module that is not a tool.

    Shell scripts use short programs (`python -c`) to find something out, so these do not count.
    """
    for index, word in enumerate(words[1:], 1):
        if word == "-c":
            return False
        if not word.startswith("-") and words[index - 1] not in ("-X", "-W"):
            return os.path.basename(word) not in TOOLS
    return False


def leave_mark(path: str) -> None:
    """Create the file with which Greenroom finds out whether a program waits."""
    try:
        open(path, "w").close()
    except OSError as error:
        print(f"Greenroom: {error}. So a debugger can attach, but Greenroom does not notice it.", file=sys.stderr)


def wait_for_debugger(port: int) -> None:
    leave_mark(os.environ["GREENROOM_DEBUG_MARK"])
    os.environ["GREENROOM_DEBUGGED"] = "1"  # debugpy starts a process of its own, which inherits this
    sys.path.insert(0, os.environ["GREENROOM_DEBUGPY"])
    import debugpy

    sys.path.remove(os.environ["GREENROOM_DEBUGPY"])
    debugpy.listen(("0.0.0.0", port))
    debugpy.wait_for_client()


def import_next_sitecustomize() -> None:
    """Import the module of the same name that this one hides, if the image has one."""
    sys.path[:] = [path for path in sys.path if os.path.abspath(path) != FOLDER]
    sys.modules.pop("sitecustomize", None)
    with contextlib.suppress(ImportError):
        import sitecustomize  # type: ignore[import-not-found] # noqa: F401


import_next_sitecustomize()
if "GREENROOM_DEBUGGED" not in os.environ and runs_program_of_actor(getattr(sys, "orig_argv", sys.argv)):
    wait_for_debugger(int(os.environ["GREENROOM_DEBUG_PORT"]))
