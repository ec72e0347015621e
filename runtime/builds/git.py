"""Git repositories, fetched by the `git` program: never with a prompt, and never longer than the hard limit.

A URL may end in `#branch`, `#tag` or `#commit`, and a folder may follow: `#branch:folder`, as on the platform.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from runtime.actors.version_rules import local_path
from runtime.base.errors import Invalid
from runtime.builds.archives import LIMITS

TIMEOUT_SECS = 600
MAX_LINE_BYTES = 1024 * 1024
"""Of what git prints: a path of more is nobody's."""
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
        wanted = await _found(git, place.reference)
    await _check_size(git, wanted)
    await git.run("checkout", "--quiet", "--detach", wanted)


async def _found(git: _Git, reference: str) -> str:
    try:
        return await git.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}")
    except Invalid as problem:
        raise Invalid("invalid-value", f"The repository has no branch, tag or commit '{reference}'") from problem


async def _check_size(git: _Git, commit: str) -> None:
    """A few bytes that name the same folder again and again would check out as more files than any disk holds."""
    files = size = 0
    async with aclosing(git.lines("ls-tree", "-r", "-l", commit)) as lines:
        async for line in lines:
            told = line.split(maxsplit=4)[3]
            files, size = files + 1, size + (int(told) if told.isdigit() else 0)
            if files > LIMITS.entries or size > LIMITS.bytes:
                most = f"{LIMITS.entries:,} files or {LIMITS.bytes:,} bytes"
                raise Invalid("invalid-value", f"The repository holds more than {most}")


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
        async with self._started(words) as process:
            told, complaint = await process.communicate()
        if process.returncode != 0:
            raise Invalid("invalid-value", _why(words[0], complaint.decode(errors="replace")))
        return told.decode(errors="replace").strip()

    async def lines(self, *words: str) -> AsyncGenerator[str, None]:
        """What the command prints, line by line, for as long as it is read."""
        async with self._started(words) as process:
            assert process.stdout is not None
            async for line in process.stdout:
                yield line.decode(errors="replace")

    @asynccontextmanager
    async def _started(self, words: Sequence[str]) -> AsyncIterator[Process]:
        process = await asyncio.create_subprocess_exec(
            "git",
            *words,
            cwd=self._folder,
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=MAX_LINE_BYTES,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):  # it has ended, and is only not heard of yet
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()


def _why(command: str, complaint: str) -> str:
    lines = without_credentials(complaint).strip().splitlines()[-WORDS_SHOWN:]
    return f"git {command} failed: {' '.join(lines)}"
