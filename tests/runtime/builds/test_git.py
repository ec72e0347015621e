from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from runtime.base.errors import Invalid
from runtime.builds import git
from runtime.builds.archives import Limits
from runtime.builds.git import GitReference, fetch, parse_url, without_credentials
from tests.examples import some

SECRET = "hunter2"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The branches `main` and `feature/x` and the tag `v1`; the file `which` contains the name of each."""
    folder = tmp_path / "repository"
    (folder / "actors/one").mkdir(parents=True)
    run(folder, "init", "--quiet", "--initial-branch=main")
    for reference in ("v1", "feature/x", "main"):
        (folder / "which").write_text(reference)
        (folder / "actors/one/Dockerfile").write_text(f"FROM {reference}")
        run(folder, "add", ".")
        run(folder, "commit", "--quiet", "--message", reference)
        if reference == "v1":
            run(folder, "tag", "v1")
        elif reference == "feature/x":
            run(folder, "branch", reference)
    return folder


def run(folder: Path, *words: str, stdin: str = "") -> str:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@localhost"]
    return subprocess.run(
        ["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True, input=stdin
    ).stdout.strip()


async def fetched(url: str, to: Path, *, with_keys: bool = True) -> tuple[list[str], list[str]]:
    """Return the names of the fetched files, and the lines of the log."""
    os.mkdir(to)
    log: list[str] = []
    await fetch(parse_url(url), to, log.append, with_keys=with_keys)
    return files_in(to), log


def files_in(folder: Path, except_in: str = "") -> list[str]:
    files = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in files if path.parts[0] != except_in)


@pytest.mark.parametrize(
    ("url", "reference"),
    [
        ("https://a/b", GitReference("https://a/b", "HEAD", ".")),
        ("https://a/b#main", GitReference("https://a/b", "main", ".")),
        ("https://a/b#main:x/y/", GitReference("https://a/b", "main", "x/y")),
        ("https://a/b#:x", GitReference("https://a/b", "HEAD", "x")),
        ("git@a:b.git#feature/x:y", GitReference("git@a:b.git", "feature/x", "y")),
    ],
)
def test_a_url_contains_a_repository_a_reference_and_a_folder(url: str, reference: GitReference) -> None:
    assert parse_url(url) == reference


@pytest.mark.parametrize("reference", some(["main", "v1", "feature/x", "commit", "short commit", None]))
async def test_a_branch_a_tag_or_a_commit_is_checked_out(
    repository: Path, tmp_path: Path, reference: str | None
) -> None:
    commit = run(repository, "rev-parse", "v1")
    revision = {"commit": commit, "short commit": commit[:9]}.get(reference or "", reference)
    url = f"{repository}#{revision}" if revision else str(repository)
    files, log = await fetched(url, tmp_path / "to")
    assert files == ["actors/one/Dockerfile", "which"]  # without .git, which would contain the URL
    which = (tmp_path / "to/which").read_text()
    assert which == {"commit": "v1", "short commit": "v1", None: "main"}.get(reference, reference)
    assert log[-1] == f"ACTOR: Checked out commit {run(repository, 'rev-parse', revision or 'main')}"


async def test_a_file_url_names_a_local_repository(repository: Path, tmp_path: Path) -> None:
    assert (await fetched(f"file://{repository}#v1", tmp_path / "to"))[0]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("{repository}#nonsense", "no branch, tag or commit 'nonsense'"),
        ("{repository}-none", "does not"),
        ("/", "git fetch failed"),
    ],
)
async def test_a_failed_fetch_is_reported_with_its_reason(
    repository: Path, tmp_path: Path, url: str, reason: str
) -> None:
    with pytest.raises(Invalid, match=reason):
        await fetched(url.format(repository=repository), tmp_path / "to")


async def test_credentials_are_never_shown(tmp_path: Path) -> None:
    url = f"http://somebody:{SECRET}@127.0.0.1:9/a.git"
    with pytest.raises(Invalid) as raised:
        await fetched(url, tmp_path / "to")
    assert "127.0.0.1" in raised.value.message
    assert SECRET not in raised.value.message
    assert without_credentials(f"see {url} and {url}") == "see http://127.0.0.1:9/a.git and http://127.0.0.1:9/a.git"
    assert without_credentials(f"http://somebody:p@{SECRET}@127.0.0.1/a.git") == "http://127.0.0.1/a.git"
    assert without_credentials(f"http://127.0.0.1/a.git?token={SECRET}#main:x") == "http://127.0.0.1/a.git#main:x"
    assert without_credentials(f"cannot access 'http://a/b?t={SECRET}/': why?") == "cannot access 'http://a/b': why?"


async def test_settings_in_a_repository_do_not_affect_the_git_that_fetches_it(repository: Path, tmp_path: Path) -> None:
    written = tmp_path / "written"
    settings = f"[trace2]\n\tnormalTarget = {written}\n"
    for name in (".gitconfig", "git/config"):
        (repository / name).parent.mkdir(exist_ok=True)
        (repository / name).write_text(settings)
    run(repository, "add", ".")
    run(repository, "commit", "--quiet", "--message", "settings")
    files, _ = await fetched(str(repository), tmp_path / "to", with_keys=False)
    assert {".gitconfig", "git/config"} <= set(files)
    assert not written.exists()


@pytest.mark.processes
@pytest.mark.parametrize("limits", [Limits(entries=5_000), Limits(bytes=50_000)])
async def test_a_repository_that_would_be_huge_is_rejected_before_the_checkout(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limits: Limits
) -> None:
    monkeypatch.setattr(git, "LIMITS", limits)
    kind, name = "blob", run(repository, "rev-parse", "HEAD:which")
    for _ in range(10):
        entries = "".join(f"{'100644' if kind == 'blob' else '040000'} {kind} {name}\td{n}\n" for n in range(10))
        kind, name = "tree", run(repository, "mktree", stdin=entries)
    run(repository, "update-ref", "refs/heads/bomb", run(repository, "commit-tree", name, "-m", "bomb"))
    with pytest.raises(Invalid, match="The repository holds more than"):
        await fetched(f"{repository}#bomb", tmp_path / "to")
    assert files_in(tmp_path / "to", except_in=".git") == []


async def test_other_transports_are_rejected_even_if_the_url_was_not_checked(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="not allowed"):
        await fetched(f"ext::touch {tmp_path / 'mark'}", tmp_path / "to")
    assert not (tmp_path / "mark").exists()


async def test_a_missing_git_program_is_reported(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Invalid, match="needs the program git"):
        await fetched(str(repository), tmp_path / "to")


@pytest.mark.parametrize("with_keys", [True, False])
async def test_the_operators_passwords_are_used_only_for_sources_that_the_operator_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_keys: bool
) -> None:
    home = tmp_path / "home"
    os.mkdir(home)
    helper = f"!f() {{ touch {tmp_path / 'used'}; echo username=me; echo password={SECRET}; }}; f"
    run(tmp_path, "config", "--file", str(home / ".gitconfig"), "credential.helper", helper)
    monkeypatch.setenv("HOME", str(home))
    async with a_server_that_requires_a_password() as (port, passwords):
        with pytest.raises(Invalid):
            await fetched(f"http://127.0.0.1:{port}/a.git", tmp_path / "to", with_keys=with_keys)
    assert ("used" in os.listdir(tmp_path)) is with_keys
    assert any(passwords) is with_keys


@asynccontextmanager
async def a_server_that_requires_a_password() -> AsyncIterator[tuple[int, list[str | None]]]:
    passwords: list[str | None] = []

    async def reject(request: web.Request) -> web.Response:
        passwords.append(request.headers.get("Authorization"))
        return web.Response(status=401, headers={"WWW-Authenticate": "Basic"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", reject)
    async with TestServer(app) as server:
        assert server.port is not None
        yield server.port, passwords


def test_the_operators_ssh_keys_are_used_only_for_sources_that_the_operator_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", "/agent")
    own = git.Git(tmp_path, is_local=False, with_keys=True)._environment
    assert (own["SSH_AUTH_SOCK"], own["GIT_SSH_COMMAND"]) == ("/agent", "ssh -o BatchMode=yes")
    other = git.Git(tmp_path, is_local=False, with_keys=False)._environment
    assert other["SSH_AUTH_SOCK"] == ""
    assert "-F none" in other["GIT_SSH_COMMAND"] and "IdentityFile=none" in other["GIT_SSH_COMMAND"]


@pytest.fixture
def endless_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `git` that writes its pid and that of its child to a file, and never ends."""
    programs = tmp_path / "programs"
    programs.mkdir()
    pids = tmp_path / "pids"
    script = f"#!/bin/sh\ntrap '' TERM\nsleep 1000 &\necho $$ $! > {pids}.tmp; mv {pids}.tmp {pids}\nwait\n"
    (programs / "git").write_text(script)
    (programs / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return pids


def live(pids: Path) -> list[int]:
    return [pid for pid in map(int, pids.read_text().split()) if is_live(pid)]


def is_live(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def until_ended(pids: Path) -> None:
    while live(pids):  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def test_a_cancellation_kills_git_and_its_children(endless_git: Path, tmp_path: Path) -> None:
    fetching = asyncio.create_task(fetched("https://example.com/a", tmp_path / "to"))
    while not os.path.exists(endless_git):  # noqa: ASYNC110, ASYNC240
        await asyncio.sleep(0.01)
    assert len(live(endless_git)) == 2
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    await until_ended(endless_git)


async def test_a_cancellation_while_git_is_starting_kills_it_too(
    endless_git: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = asyncio.create_subprocess_exec

    async def slow_start(*args: Any, **options: Any) -> asyncio.subprocess.Process:
        process = await start(*args, **options)
        await asyncio.sleep(0.2)
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", slow_start)
    fetching = asyncio.create_task(fetched("https://example.com/a", tmp_path / "to"))
    while not os.path.exists(endless_git):  # noqa: ASYNC110, ASYNC240
        await asyncio.sleep(0.01)
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    await until_ended(endless_git)


async def test_a_fetch_that_never_ends_is_killed_after_the_time_limit(
    endless_git: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git, "TIMEOUT_SECS", 0.5)
    with pytest.raises(Invalid, match=r"not fetched within 0\.5 seconds"):
        await fetched("https://example.com/a", tmp_path / "to")
    await until_ended(endless_git)
