"""Git repositories, fetched by the `git` program: never with a prompt, and never longer than the hard limit.

A URL may end in `#branch`, `#tag` or `#commit`, and a folder may follow: `#branch:folder`, as on the platform.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runtime.errors import Invalid
from runtime.versions import local_path

TIMEOUT_SECS = 600
WORDS_SHOWN = 5
"""Of what git says when it fails: the last lines tell why."""
CREDENTIALS = re.compile(r"(?<=://)[^/\s]*@")
NEVER_ASKS = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "true",
    "SSH_ASKPASS": "true",
    "GCM_INTERACTIVE": "never",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "LC_ALL": "C",
}
WITHOUT_KEYS = "ssh -F none -o IdentitiesOnly=yes -o IdentityFile=none"
OF_ANOTHER_REPOSITORY = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"})


@dataclass(frozen=True, slots=True)
class Place:
    """What `url#reference:folder` names; the folder is `.` where none is named."""

    url: str
    reference: str
    folder: str


def place_of(url: str) -> Place:
    repository, _, rest = url.partition("#")
    reference, _, folder = rest.partition(":")
    return Place(repository, reference or "HEAD", folder.strip("/") or ".")


def without_credentials(text: str) -> str:
    """The text with what stands before the `@` in its URLs taken out."""
    return CREDENTIALS.sub("", text)


async def fetch(place: Place, into: Path, say: Callable[[str], None], *, with_keys: bool) -> None:
    """Make `into` the files of the repository at the reference, without its history. Raises Invalid.

    Without `with_keys` it gets what everybody gets, or whom the URL names: none of this user's keys and passwords.
    """
    if shutil.which("git") is None:
        raise Invalid("invalid-value", "Sources in git need the program git, which this machine does not have")
    git = _Git(into, is_local=local_path(place.url) is not None, with_keys=with_keys)
    try:
        async with asyncio.timeout(TIMEOUT_SECS):
            await _check_out(git, place)
    except TimeoutError as problem:
        raise Invalid("invalid-value", f"The repository was not fetched within {TIMEOUT_SECS} seconds") from problem
    say(f"ACTOR: Checked out commit {await git.run('rev-parse', 'HEAD')}")
    await asyncio.to_thread(shutil.rmtree, into / ".git")  # it holds the URL with its credentials


async def _check_out(git: _Git, place: Place) -> None:
    await git.run("init", "--quiet")
    try:
        await git.run("fetch", "--quiet", "--depth=1", "--no-tags", "--", place.url, place.reference)
        wanted = "FETCH_HEAD"
    except Invalid:
        if place.reference == "HEAD":
            raise
        # A commit that the server does not give by its name, or one that is cut short: look in the whole history.
        await git.run("fetch", "--quiet", "--tags", "--", place.url, "+refs/heads/*:refs/remotes/origin/*")
        wanted = f"{place.reference}^{{commit}}"
    await git.run("checkout", "--quiet", "--detach", wanted)


class _Git:
    """The program, in one folder. A cancelled command is killed with all that it started."""

    def __init__(self, folder: Path, *, is_local: bool, with_keys: bool) -> None:
        self._folder = folder
        ssh = os.environ.get("GIT_SSH_COMMAND", "ssh") if with_keys else WITHOUT_KEYS
        # Helpers, .netrc and settings of git are found by the home; a folder of the source would bring its own.
        nowhere = {"HOME": os.devnull, "XDG_CONFIG_HOME": os.devnull, "SSH_AUTH_SOCK": ""}
        self._environment = {
            **{name: value for name, value in os.environ.items() if name not in OF_ANOTHER_REPOSITORY},
            **NEVER_ASKS,
            **({} if with_keys else nowhere),
            "GIT_ALLOW_PROTOCOL": "file" if is_local else "https:http:git:ssh",
            "GIT_SSH_COMMAND": f"{ssh} -o BatchMode=yes",
        }

    async def run(self, *words: str) -> str:
        """What the command prints. Raises Invalid with what it says on failure."""
        process = await asyncio.create_subprocess_exec(
            "git",
            *words,
            cwd=self._folder,
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        try:
            told, complaint = await process.communicate()
        except asyncio.CancelledError:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
            raise
        if process.returncode != 0:
            raise Invalid("invalid-value", _why(words[0], complaint.decode(errors="replace")))
        return told.decode(errors="replace").strip()


def _why(command: str, complaint: str) -> str:
    lines = without_credentials(complaint).strip().splitlines()[-WORDS_SHOWN:]
    return f"git {command} failed: {' '.join(lines)}"
