"""The files of a local folder that a build copies, compared with those that `apify push` sends."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from runtime.builds.sources import Sources
from runtime.outbound import Outbound
from tests.clients.node_script import SCRIPTS
from tests.examples import some
from tests.fakes.records import a_version

pytestmark = pytest.mark.processes

SCRIPT = SCRIPTS / "pushed_files.mjs"
ACTOR_JSON = ".actor/actor.json"


@dataclass(frozen=True, slots=True)
class Case:
    """A folder, or a folder `at` in a repository with the files `above`. `tracked` are patterns for `git add -f`."""

    files: dict[str, str]
    tracked: list[str] | None = None
    at: str = "."
    above: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)


def empty(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "")


CASES = {
    "plain": Case(empty("main.js", "src/deep/a.js", ".env", "Dockerfile")),
    "never sent": Case(
        empty(
            "a", ".git/config", "node_modules/x.js", "storage/x", "apify_storage/x", "crawlee_storage/x", "b/storage/x"
        )
    ),
    "sent unless ignored": Case(
        empty("sub/node_modules/x.js", ".venv/x", "__pycache__/a.pyc", "sub/.git/config", "sub/__pycache__/a.pyc")
    ),
    "files with the names of excluded folders": Case(empty("a", "storage", "node_modules", "sub/storage", ".git")),
    "dockerignore": Case(
        {
            ".dockerignore": "*\n!src\n",
            **empty(".actor/input.json", "schemas/data.json", "docs/README.md", "src/main.js"),
        }
    ),
    "gitignore without a repository": Case(
        {
            ".gitignore": "*.log\nbuild/\n/root_only\n!keep.log\n",
            "sub/.gitignore": "!b.log\nsecret\n",
            **empty("a.log", "keep.log", "build/x", "sub/build/x", "root_only", "sub/root_only"),
            **empty("sub/b.log", "sub/secret", "secret", "BUILD/x"),
        }
    ),
    "an excluded parent cannot be included again": Case(
        {
            ".gitignore": "data/\n!data/keep\n*.d/*\n!x.d/keep\n",
            **empty("data/keep", "data/drop", "x.d/keep", "x.d/drop"),
        }
    ),
    "tracked files stay": Case(
        {".gitignore": "*.log\ndist/\n", **empty("main.js", "a.log", "b.log", "dist/kept.js", "dist/dropped.js")},
        tracked=["main.js", "a.log", "dist/kept.js"],
    ),
    "untracked files are sent": Case(empty("main.js", "new.js"), tracked=["main.js"]),
    "nested gitignores in a repository": Case(
        {
            ".gitignore": "*.log\n",
            "sub/.gitignore": "!keep.log\nonly\n",
            **empty("sub/keep.log", "sub/x.log", "sub/only"),
        },
        tracked=[],
    ),
    "exclude file of the repository": Case(empty("a.js", "mine"), tracked=[], above={".git/info/exclude": "mine\n"}),
    "gitignores above": Case(
        empty("main.js", "prod.env", "tmp/x"),
        tracked=[],
        at="actors/one",
        above={".gitignore": "*.env\n", "actors/.gitignore": "tmp\n", "other/x.js": ""},
    ),
    "a folder that its repository ignores": Case(
        {".gitignore": "*.log\n", **empty("main.js", "a.log", "b.tmp")},
        tracked=[],
        at="scratch/one",
        above={".gitignore": "scratch/\n*.tmp\n", "scratch/.gitignore": "b.*\n"},
    ),
    "actorignore": Case(
        {
            ".actorignore": "# not sent\ndocs\n*.md\n/top\n  spaces  \n",
            **empty("docs/x", "a.md", "top", "sub/top", "spaces"),
        }
    ),
    "actorignore with negation": Case(
        {
            ".gitignore": "dist/\n*.log\n",
            ".actorignore": "!dist/\nsrc\n!src/kept.js\n",
            **empty("dist/a.js", "dist/deep/b.js", "x.log", "src/kept.js", "src/other.js"),
        }
    ),
    "actorignore in a repository": Case(
        {".gitignore": "dist/\n", ".actorignore": "!dist\n*.ts\n", **empty("dist/a.js", "a.ts", "node_modules/x.js")},
        tracked=[],
    ),
    "actorignore does not bring back what is never sent": Case(
        {".actorignore": "!node_modules\n!storage\n", **empty("a", "node_modules/x", "storage/x")}
    ),
    "the folder .actor is always sent": Case(
        {
            ".gitignore": "*.json\n.actor\n",
            ".actorignore": ".actor\n",
            **empty(".actor/input.json", ".actor/deep/a", "x.json", "sub/.actor/y.json", "main.js"),
        },
        tracked=[],
    ),
    "patterns ignore case in actorignore": Case({".actorignore": "*.MD\nDocs/\n", **empty("a.md", "B.Md", "docs/x")}),
    "links inside the folder": Case(
        empty("a/file", "main.js"), links={"link": "a/file", "folder_link": "a", "a/other": "file"}
    ),
    "links inside the repository": Case(
        empty("main.js"), tracked=[], at="actors/one", above=empty("shared/util.js"), links={"shared": "../../shared"}
    ),
    "unusual names": Case(empty("a b.js", "[x].js", "ünï.js", "a#b", "back`tick"), tracked=[]),
}


CONFUSED = Case({".gitignore": "/build/\n", **empty("build/x", "src/build/main.js", "a.js")}, tracked=["src", "a.js"])


@dataclass(frozen=True, slots=True)
class Pushed:
    """A folder, and the files that the command sends from it."""

    folder: Path
    files: set[str]


def pushed_files(cases: Mapping[str, Case], root: Path) -> dict[str, Pushed]:
    """Create each case in its folder, and list the files that the command sends."""
    folders = [create(case, root / str(place)) for place, case in enumerate(cases.values())]
    done = subprocess.run(
        ["node", str(SCRIPT), *map(str, folders)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    names = map(set, json.loads(done.stdout))
    return dict(zip(cases, map(Pushed, folders, names), strict=True))


async def test_the_same_files_as_apify_push(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The command needs seconds to load, so one process lists the files of all cases.

    There is one difference on purpose. The command reads the list of ignored paths as patterns, so `/build/` also
    excludes the tracked file in `src/build/`.
    """
    cases = dict(some(CASES.items()))
    pushed = pushed_files({**cases, "confused": CONFUSED}, tmp_path_factory.mktemp("cases"))
    ours = {name: await copied(each.folder, tmp_path_factory.mktemp("copy")) for name, each in pushed.items()}
    assert ours["confused"] == {*pushed["confused"].files, "src/build/main.js"}
    assert "build/x" not in ours.pop("confused")
    assert ours == {name: pushed[name].files for name in cases}


def create(case: Case, root: Path) -> Path:
    """Create the folder, in a repository if the case has one, and return it."""
    folder = root / case.at
    for name, text in {ACTOR_JSON: '{"actorSpecification": 1, "name": "one", "version": "0.1"}', **case.files}.items():
        write(folder / name, text)
    if case.tracked is not None:
        subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    for name, text in case.above.items():
        write(root / name, text)
    for name, target in case.links.items():
        (folder / name).symlink_to(target)
    if case.tracked:
        subprocess.run(["git", "add", "--force", *case.tracked], cwd=folder, check=True)
    return folder


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


async def copied(folder: Path, work: Path) -> set[str]:
    """Return the files of the Actor's folder that a build of this local folder gets."""
    outbound = Outbound()
    source = await Sources(outbound).fetch(a_version(folder=str(folder)), work, lambda _: None)
    await outbound.close()
    files = (path for path in source.actor_folder.rglob("*") if path.is_file())
    return {path.relative_to(source.actor_folder).as_posix() for path in files}
