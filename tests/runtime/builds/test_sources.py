from __future__ import annotations

import asyncio
import io
import os
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from runtime.base.errors import Invalid
from runtime.base.records import SourceFile
from runtime.builds.sources import Source, Sources, without_secrets, write_source_files
from runtime.outbound import Outbound
from tests.fakes.receiver import Receiver
from tests.fakes.records import a_version


@pytest.fixture
async def sources() -> AsyncIterator[Sources]:
    outbound = Outbound()
    yield Sources(outbound)
    await outbound.close()


async def fetched(sources: Sources, to: Path, **version: Any) -> tuple[Source, list[str]]:
    """Return the source, and the lines of the log."""
    log: list[str] = []
    return await sources.fetch(a_version(**version), to, log.append), log


def files_in(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def a_zip(**files: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def test_inline_files_are_written(tmp_path: Path) -> None:
    files = (
        SourceFile(name="empty/folder", folder=True),
        SourceFile(name="a/b.txt", content="grün"),
        SourceFile(name="raw.bin", format="BASE64", content="AP8="),
    )
    write_source_files(a_version(source_files=files), tmp_path, lambda: None)
    assert (tmp_path / "empty/folder").is_dir()
    assert (tmp_path / "a/b.txt").read_text() == "grün"
    assert (tmp_path / "raw.bin").read_bytes() == b"\x00\xff"


async def test_an_archive_is_downloaded_and_unpacked(sources: Sources, receiver: Receiver, tmp_path: Path) -> None:
    receiver.body = a_zip(**{"Dockerfile": "FROM a", "src/main.js": "x"})
    url = receiver.url("/source.zip?signature=hunter2")
    source, log = await fetched(sources, tmp_path, source_type="TARBALL", tarball_url=url)
    assert files_in(source.actor_folder) == {"Dockerfile": "FROM a", "src/main.js": "x"}
    assert source.actor_folder == source.tree
    assert log[0] == f"ACTOR: Downloading {receiver.url('/source.zip')}"
    assert log[-1] == "ACTOR: Unpacked 2 files"
    assert os.listdir(tmp_path) == ["source"]


@pytest.mark.parametrize(
    ("files", "root"),
    [
        (["one-main/Dockerfile", "one-main/.actor/actor.json"], "one-main"),
        (["one-main/only"], "one-main"),
        (["one-main/Dockerfile", "__MACOSX/one-main/._Dockerfile", ".DS_Store"], "one-main"),
        (["src/main.js", "Dockerfile"], ""),
        (["src/main.js", "lib/x.js"], ""),
        ([".actor/Dockerfile"], ""),
        (["Dockerfile"], ""),
    ],
)
async def test_the_only_top_folder_of_an_archive_is_the_source(
    sources: Sources, receiver: Receiver, tmp_path: Path, files: list[str], root: str
) -> None:
    receiver.body = a_zip(**dict.fromkeys(files, ""))
    source, log = await fetched(sources, tmp_path, source_type="TARBALL", tarball_url=receiver.url("/source.zip"))
    assert (source.actor_folder, source.tree) == (tmp_path / "source" / root, tmp_path / "source" / root)
    assert any("one top folder" in line for line in log) is (root != "")


async def test_a_failed_download_is_reported_without_the_secrets_of_its_url(
    sources: Sources, receiver: Receiver, tmp_path: Path
) -> None:
    receiver.status = 404
    url = receiver.url("/source.zip?signature=hunter2")
    with pytest.raises(Invalid, match=r"not downloaded from http://\S*/source.zip: the server returned 404") as raised:
        await fetched(sources, tmp_path, source_type="TARBALL", tarball_url=url)
    assert "hunter2" not in raised.value.message


async def test_a_local_folder_is_copied(sources: Sources, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/main.py").write_text("print()")
    (tmp_path / "mine/out").symlink_to("/etc/passwd")
    (tmp_path / "work").mkdir()
    source, log = await fetched(sources, tmp_path / "work", folder=str(tmp_path / "mine"))
    assert files_in(source.actor_folder) == {"main.py": "print()"}
    assert log[1:] == ["ACTOR: Skipped 'out': a link out of the folder", "ACTOR: Copied 1 file"]


@pytest.mark.parametrize("kind", ["GIT_REPO", "GITHUB_GIST"])
async def test_a_repository_is_cloned_and_one_folder_of_it_is_the_actor(
    sources: Sources, tmp_path: Path, kind: str
) -> None:
    repository = await a_repository(tmp_path / "repository")
    (tmp_path / "work").mkdir()
    url = f"{repository}#main:actors/one"
    source, log = await fetched(sources, tmp_path / "work", source_type=kind, git_repo_url=url, github_gist_url=url)
    assert files_in(source.actor_folder) == {"Dockerfile": "FROM a"}
    assert files_in(source.tree) == {"actors/one/Dockerfile": "FROM a"}
    assert log[0] == f"ACTOR: Cloning {url}"


@pytest.mark.parametrize("folder", ["nowhere", "../..", "out", "actors/one/Dockerfile"])
async def test_a_folder_outside_the_repository_is_rejected(sources: Sources, tmp_path: Path, folder: str) -> None:
    repository = await a_repository(tmp_path / "repository")
    (tmp_path / "work").mkdir()
    with pytest.raises(Invalid, match="has no folder"):
        await fetched(sources, tmp_path / "work", source_type="GIT_REPO", git_repo_url=f"{repository}#main:{folder}")


async def a_repository(folder: Path) -> Path:
    (folder / "actors/one").mkdir(parents=True)
    (folder / "actors/one/Dockerfile").write_text("FROM a")
    (folder / "out").symlink_to("/etc")
    commands = "git init -q -b main && git add . && git -c user.name=T -c user.email=t@localhost commit -qm one"
    process = await asyncio.create_subprocess_shell(commands, cwd=folder)
    assert await process.wait() == 0
    return folder


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://example.com/a%2Fb.zip", "https://example.com/a%2Fb.zip"),
        ("https://me:hunter2@example.com:81/a?token=hunter2#x", "https://example.com:81/a#x"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert without_secrets(url) == shown
