"""Which files of a local source are mounted, and what their changes need."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.base.errors import Invalid
from runtime.base.lifecycle import JobStatus
from runtime.base.records import Build, BuildOptions
from runtime.builds.dockerfile_parsing import parse
from runtime.builds.source_changes import Need, need_of
from runtime.builds.source_mounts import MAX_MOUNTS, read_local_source, source_mounts
from tests.fakes.stage import META


def a_build(dockerfile: str = "COPY . ./", context: str = ".", folder: Path | None = None) -> Build:
    return Build(
        id="b",
        user_id="u",
        actor_id="a",
        version_number="0.0",
        number="0.0.1",
        number_int=1,
        status=JobStatus.SUCCEEDED,
        started_at=0,
        meta=META,
        options=BuildOptions(tag="latest"),
        folder=None if folder is None else str(folder),
        context=context,
        copies=parse(f"FROM a\n{dockerfile}").copies,
    )


def write(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


async def mounted(build: Build, folder: Path) -> dict[str, str]:
    """The paths in the container, with the mounted paths relative to the folder."""
    found = await source_mounts(build, folder, "/app")
    return {str(each.target): each.source.relative_to(folder).as_posix() for each in found}


async def test_whole_folders_are_mounted_except_excluded_entries_and_the_folders_around_them(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        *(".actor/actor.json", "main.py", "src/a.py", "src/deep/b.py", "src/__pycache__/a.pyc", "data/kept.txt"),
        *("data/secret.txt", "data/sub/c.txt", "node_modules/x.js", "storage/y.json", ".venv/z.py", ".git/config"),
    )
    (folder / ".gitignore").write_text(".venv\n__pycache__\n")
    (folder / ".dockerignore").write_text("data/secret.txt\n.gitignore\n")
    (folder / "link").symlink_to("/etc/hostname")
    assert await mounted(a_build(), folder) == {
        f"/app/{name}": name for name in (".actor", ".dockerignore", "data/kept.txt", "data/sub", "main.py", "src")
    }


async def test_mounts_follow_the_dockerfile(tmp_path: Path) -> None:
    folder = write(tmp_path, "app/src/main.py", "app/src/lib/a.py", "app/package.json", "app/README.md", "common/c.py")
    (folder / "app/.actor").mkdir()
    assert await mounted(a_build("COPY package*.json ./\nCOPY src/ ./"), folder / "app") == {
        "/app/package.json": "package.json",
        "/app/main.py": "src/main.py",
        "/app/lib": "src/lib",
    }
    assert await mounted(a_build("WORKDIR /x\nCOPY src ./src\nCOPY src/main.py ./run.py"), folder / "app") == {
        "/x/src": "src",
        "/x/run.py": "src/main.py",
    }
    assert await mounted(a_build("COPY **/ma**.py ./"), folder / "app") == {"/app/main.py": "src/main.py"}
    build = a_build("COPY app ./app\nCOPY common/ /lib/common", context="..", folder=folder / "app")
    found = await source_mounts(build, folder / "app", "/x")
    assert {str(each.target): each.source for each in found} == {
        "/x/app": folder / "app",
        "/lib/common": folder / "common",
    }


async def test_a_source_that_cannot_be_mounted_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="does not exist"):
        await source_mounts(a_build(), tmp_path / "gone", "/app")
    folder = write(tmp_path, *(f"data/{number}.txt" for number in range(MAX_MOUNTS + 1)), "data/excluded")
    (folder / ".dockerignore").write_text("data/excluded")
    with pytest.raises(Invalid, match=r"would need 502 mounts"):
        await source_mounts(a_build(), folder, "/app")


async def test_a_build_of_another_source_mounts_nothing_outside_of_the_folder(tmp_path: Path) -> None:
    """An Actor can make such a build from a repository, in which its own folder is far below the build context."""
    folder = write(tmp_path, "secret.txt", "app/main.py") / "app"
    (folder / "link").symlink_to(tmp_path)
    for context in ("..", "link"):
        with pytest.raises(Invalid, match="outside of the folder"):
            await source_mounts(a_build(context=context), folder, "/app")


@pytest.mark.parametrize(
    ("name", "need"),
    [
        ("src/main.py", Need.RESTART),
        ("src/new.py", Need.RESTART),
        ("src/deleted.py", Need.RESTART),
        ("deleted.py", Need.REBUILD),
        ("package-lock.json", Need.REBUILD),
        ("requirements-dev.txt", Need.REBUILD),
        ("Dockerfile", Need.REBUILD),
        (".actor/input_schema.json", Need.REBUILD),
        ("elsewhere/tool.py", Need.REBUILD),
        ("src/page.ts", Need.REBUILD),
        ("src", Need.NOTHING),
        ("storage/x.json", Need.NOTHING),
        ("excluded.txt", Need.NOTHING),
    ],
)
async def test_what_a_change_needs(tmp_path: Path, name: str, need: Need) -> None:
    folder = write(tmp_path / "actor", "src/main.py", "src/new.py", "src/page.ts", "elsewhere/tool.py", "tsconfig.json")
    (folder / ".dockerignore").write_text("excluded.txt")
    build, source = (
        a_build("COPY package*.json ./\nCOPY src ./src\nCOPY deleted.py ./"),
        await read_local_source(folder, "."),
    )
    assert need_of(build, source, [folder / name, tmp_path / "other/x.py"], compiles=False) is need
    with_typescript = Need.REBUILD if need is Need.REBUILD and name != "src/page.ts" else Need.RESTART
    assert need_of(build, source, [folder / name, folder / "src/page.ts"], compiles=True) is with_typescript
