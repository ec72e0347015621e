"""Git repositories, fetched with the `git` program: without prompts, and with a time limit.

A URL can end in `#branch`, `#tag` or `#commit`, followed by a folder: `#branch:folder`, as on the platform.
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
from runtime.base.outbound_policy import DEFAULT_POLICY, OutboundPolicy
from runtime.builds.archives import LIMITS
from runtime.builds.git_addresses import allowed_addresses

TIMEOUT_SECS = 600
MAX_LINE_BYTES = 1024 * 1024
"""The longest line of git's output, and so the longest path in a repository."""
ERROR_LINES = 5
"""The last lines of git's error output that a message contains."""
CREDENTIALS = re.compile(r"(?<=://)[^/\s]*@")
QUERY = re.compile(r"(://[^\s?#'\"]*)\?[^\s#'\"]*")
NON_INTERACTIVE = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "true",
    "SSH_ASKPASS": "true",
    "GCM_INTERACTIVE": "never",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "LC_ALL": "C",
}
SSH_WITHOUT_KEYS = "ssh -F none -o IdentitiesOnly=yes -o IdentityFile=none"
REPOSITORY_VARIABLES = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"})
"""Variables that would make git work on another repository."""


@dataclass(frozen=True, slots=True)
class GitReference:
    """What `url#reference:folder` names. The folder is `.` if the URL names none."""

    url: str
    reference: str
    folder: str


def parse_url(url: str) -> GitReference:
    repository, _, rest = url.partition("#")
    reference, _, folder = rest.partition(":")
    return GitReference(repository, reference or "HEAD", folder.strip("/") or ".")


def without_credentials(text: str) -> str:
    """Return the text without the users, passwords and queries of URLs in it: some hosts take a token in the query."""
    return QUERY.sub(r"\1", CREDENTIALS.sub("", text))


async def fetch(
    source: GitReference,
    into: Path,
    report: Callable[[str], None],
    *,
    with_keys: bool,
    policy: OutboundPolicy = DEFAULT_POLICY,
) -> None:
    """Put the files of the repository at the reference into the folder `into`, without the history. Raises Invalid.

    Without `with_keys`, git can use only the credentials in the URL: not the keys and passwords of this machine's user.
    `policy` decides which addresses the repository may have.
    """
    if shutil.which("git") is None:
        raise Invalid(
            "invalid-value", "A source in a git repository needs the program git, but this machine does not have it"
        )
    is_local = local_path(source.url) is not None
    pins = () if is_local else await allowed_addresses(source.url, policy)
    git = Git(into, is_local=is_local, with_keys=with_keys, pins=pins)
    try:
        async with asyncio.timeout(TIMEOUT_SECS):
            await _check_out(git, source)
    except TimeoutError as problem:
        raise Invalid("invalid-value", f"The repository was not fetched within {TIMEOUT_SECS} seconds") from problem
    report(f"ACTOR: Checked out commit {await git.run('rev-parse', 'HEAD')}")
    await asyncio.to_thread(shutil.rmtree, into / ".git")  # it contains the URL with its credentials


async def _check_out(git: Git, source: GitReference) -> None:
    await git.run("init", "--quiet")
    try:
        await git.run("fetch", "--quiet", "--depth=1", "--no-tags", "--", source.url, source.reference)
        commit = "FETCH_HEAD"
    except Invalid:
        if source.reference == "HEAD":
            raise
        # The reference is an abbreviated commit, or a commit that the server does not serve by its id. Both can be
        # found in the whole history.
        await git.run("fetch", "--quiet", "--tags", "--", source.url, "+refs/heads/*:refs/remotes/origin/*")
        commit = await _resolve(git, source.reference)
    await _check_size(git, commit)
    await git.run("checkout", "--quiet", "--detach", commit)


async def _resolve(git: Git, reference: str) -> str:
    try:
        return await git.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}")
    except Invalid as problem:
        raise Invalid("invalid-value", f"The repository has no branch, tag or commit '{reference}'") from problem


async def _check_size(git: Git, commit: str) -> None:
    """Check the size before the checkout: a tiny repository whose trees repeat each other can fill any disk."""
    files = total_bytes = 0
    async with aclosing(git.lines("ls-tree", "-r", "-l", commit)) as lines:
        async for line in lines:
            size = line.split(maxsplit=4)[3]
            files, total_bytes = files + 1, total_bytes + (int(size) if size.isdigit() else 0)
            if files > LIMITS.entries or total_bytes > LIMITS.bytes:
                allowed = f"{LIMITS.entries:,} files or {LIMITS.bytes:,} bytes"
                raise Invalid("invalid-value", f"The repository holds more than {allowed}")


class Git:
    """The program, run in one folder. A cancelled command is killed with all its child processes."""

    def __init__(self, folder: Path, *, is_local: bool, with_keys: bool, pins: Sequence[str] = ()) -> None:
        self._folder = folder
        self._options = [word for pin in pins for word in ("-c", f"http.curloptResolve={pin}")]
        ssh = os.environ.get("GIT_SSH_COMMAND", "ssh") if with_keys else SSH_WITHOUT_KEYS
        # Git finds credential helpers, .netrc and its settings in the home folder. The source's own folder cannot be
        # the home, because it could contain such files.
        no_home = {"HOME": os.devnull, "XDG_CONFIG_HOME": os.devnull, "SSH_AUTH_SOCK": ""}
        self._environment = {
            **{name: value for name, value in os.environ.items() if name not in REPOSITORY_VARIABLES},
            **NON_INTERACTIVE,
            **({} if with_keys else no_home),
            "GIT_ALLOW_PROTOCOL": "file" if is_local else "https:http:git:ssh",
            "GIT_SSH_COMMAND": f"{ssh} -o BatchMode=yes",
        }

    async def run(self, *words: str) -> str:
        """Run a command and return its output. Raises Invalid with its error output if it fails."""
        async with self._started(words) as process:
            output, errors = await process.communicate()
        if process.returncode != 0:
            raise Invalid("invalid-value", _failure(words[0], errors.decode(errors="replace")))
        return output.decode(errors="replace").strip()

    async def lines(self, *words: str) -> AsyncGenerator[str, None]:
        """Run a command and yield its output line by line. The command ends when the caller stops reading."""
        async with self._started(words) as process:
            assert process.stdout is not None
            async for line in process.stdout:
                yield line.decode(errors="replace")

    @asynccontextmanager
    async def _started(self, words: Sequence[str]) -> AsyncIterator[Process]:
        start = asyncio.create_subprocess_exec(
            "git",
            *self._options,
            *words,
            cwd=self._folder,
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=MAX_LINE_BYTES,
            start_new_session=True,
        )
        # Shielded: asyncio ends a process whose start is cancelled, but not the processes that it has started itself.
        starting = asyncio.ensure_future(start)
        try:
            yield await asyncio.shield(starting)
        finally:
            process = await starting
            if process.returncode is None:
                with suppress(ProcessLookupError):  # it has ended, but asyncio has not noticed yet
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()


def _failure(command: str, errors: str) -> str:
    lines = without_credentials(errors).strip().splitlines()[-ERROR_LINES:]
    return f"git {command} failed: {' '.join(lines)}"
