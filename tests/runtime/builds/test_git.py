from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from runtime.base.errors import Invalid
from runtime.builds import git
from runtime.builds.archives import Limits
from runtime.builds.git import Place, fetch, place_of, without_credentials

SECRET = "hunter2"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """`main` (with a folder `actors/one`), the branch `feature/x` and the tag `v1`, whose file says which it is."""
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


def run(folder: Path, *words: str, given: str = "") -> str:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@localhost"]
    return subprocess.run(
        ["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True, input=given
    ).stdout.strip()


async def fetched(url: str, to: Path, *, with_keys: bool = True) -> tuple[list[str], list[str]]:
    """The files that came, and what was said."""
    os.mkdir(to)
    said: list[str] = []
    await fetch(place_of(url), to, said.append, with_keys=with_keys)
    return files_in(to), said


def files_in(folder: Path, but: str = "") -> list[str]:
    files = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in files if path.parts[0] != but)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://a/b", Place("https://a/b", "HEAD", ".")),
        ("https://a/b#main", Place("https://a/b", "main", ".")),
        ("https://a/b#main:x/y/", Place("https://a/b", "main", "x/y")),
        ("https://a/b#:x", Place("https://a/b", "HEAD", "x")),
        ("git@a:b.git#feature/x:y", Place("git@a:b.git", "feature/x", "y")),
    ],
)
def test_a_url_names_a_repository_a_reference_and_a_folder(url: str, place: Place) -> None:
    assert place_of(url) == place


@pytest.mark.parametrize("reference", ["main", "v1", "feature/x", "commit", "short commit", None])
async def test_a_branch_a_tag_or_a_commit(repository: Path, tmp_path: Path, reference: str | None) -> None:
    commit = run(repository, "rev-parse", "v1")
    named = {"commit": commit, "short commit": commit[:9]}.get(reference or "", reference)
    url = f"{repository}#{named}" if named else str(repository)
    files, said = await fetched(url, tmp_path / "to")
    assert files == ["actors/one/Dockerfile", "which"]  # without the history, where the URL would stand
    which = (tmp_path / "to/which").read_text()
    assert which == {"commit": "v1", "short commit": "v1", None: "main"}.get(reference, reference)
    assert said[-1] == f"ACTOR: Checked out commit {run(repository, 'rev-parse', named or 'main')}"


async def test_a_file_url_is_a_local_repository_too(repository: Path, tmp_path: Path) -> None:
    assert (await fetched(f"file://{repository}#v1", tmp_path / "to"))[0]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("{repository}#nonsense", "no branch, tag or commit 'nonsense'"),
        ("{repository}-none", "does not"),
        ("/", "git fetch failed"),
    ],
)
async def test_what_cannot_be_fetched_says_why(repository: Path, tmp_path: Path, url: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        await fetched(url.format(repository=repository), tmp_path / "to")


async def test_credentials_are_never_told(tmp_path: Path) -> None:
    url = f"http://somebody:{SECRET}@127.0.0.1:9/a.git"
    with pytest.raises(Invalid) as refusal:
        await fetched(url, tmp_path / "to")
    assert "127.0.0.1" in refusal.value.message
    assert SECRET not in refusal.value.message
    assert without_credentials(f"see {url} and {url}") == "see http://127.0.0.1:9/a.git and http://127.0.0.1:9/a.git"
    assert without_credentials(f"http://somebody:p@{SECRET}@127.0.0.1/a.git") == "http://127.0.0.1/a.git"


async def test_a_repository_does_not_bring_settings_for_the_git_that_fetches_it(
    repository: Path, tmp_path: Path
) -> None:
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


@pytest.mark.parametrize("limits", [Limits(entries=5_000), Limits(bytes=50_000)])
async def test_a_tree_that_holds_itself_many_times_is_refused_before_it_is_checked_out(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limits: Limits
) -> None:
    monkeypatch.setattr(git, "LIMITS", limits)
    kind, name = "blob", run(repository, "rev-parse", "HEAD:which")
    for _ in range(10):
        entries = "".join(f"{'100644' if kind == 'blob' else '040000'} {kind} {name}\td{n}\n" for n in range(10))
        kind, name = "tree", run(repository, "mktree", given=entries)
    run(repository, "update-ref", "refs/heads/bomb", run(repository, "commit-tree", name, "-m", "bomb"))
    with pytest.raises(Invalid, match="The repository holds more than"):
        await fetched(f"{repository}#bomb", tmp_path / "to")
    assert files_in(tmp_path / "to", but=".git") == []


async def test_another_transport_is_not_taken_even_if_the_url_was_not_checked(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="not allowed"):
        await fetched(f"ext::touch {tmp_path / 'mark'}", tmp_path / "to")
    assert not (tmp_path / "mark").exists()


async def test_without_the_program_the_message_says_so(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Invalid, match="need the program git"):
        await fetched(str(repository), tmp_path / "to")


@pytest.mark.parametrize("with_keys", [True, False])
async def test_keys_and_passwords_of_this_user_are_for_sources_that_this_user_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_keys: bool
) -> None:
    home = tmp_path / "home"
    os.mkdir(home)
    helper = f"!f() {{ touch {tmp_path / 'asked'}; echo username=me; echo password={SECRET}; }}; f"
    run(tmp_path, "config", "--file", str(home / ".gitconfig"), "credential.helper", helper)
    monkeypatch.setenv("HOME", str(home))
    async with a_server_that_wants_a_password() as (port, passwords):
        with pytest.raises(Invalid):
            await fetched(f"http://127.0.0.1:{port}/a.git", tmp_path / "to", with_keys=with_keys)
    assert ("asked" in os.listdir(tmp_path)) is with_keys
    assert any(passwords) is with_keys


@asynccontextmanager
async def a_server_that_wants_a_password() -> AsyncIterator[tuple[int, list[str | None]]]:
    passwords: list[str | None] = []

    async def refuse(request: web.Request) -> web.Response:
        passwords.append(request.headers.get("Authorization"))
        return web.Response(status=401, headers={"WWW-Authenticate": "Basic"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", refuse)
    async with TestServer(app) as server:
        assert server.port is not None
        yield server.port, passwords


def test_keys_of_ssh_are_for_sources_that_this_user_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", "/agent")
    own = git._Git(tmp_path, is_local=False, with_keys=True)._environment
    assert (own["SSH_AUTH_SOCK"], own["GIT_SSH_COMMAND"]) == ("/agent", "ssh -o BatchMode=yes")
    other = git._Git(tmp_path, is_local=False, with_keys=False)._environment
    assert other["SSH_AUTH_SOCK"] == ""
    assert "-F none" in other["GIT_SSH_COMMAND"] and "IdentityFile=none" in other["GIT_SSH_COMMAND"]


@pytest.fixture
def endless_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `git` that writes down its pid and its child's, and never ends."""
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


async def gone(pids: Path) -> None:
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
    await gone(endless_git)


async def test_a_repository_that_never_comes_is_given_up(
    endless_git: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git, "TIMEOUT_SECS", 0.5)
    with pytest.raises(Invalid, match=r"not fetched within 0\.5 seconds"):
        await fetched("https://example.com/a", tmp_path / "to")
    await gone(endless_git)
