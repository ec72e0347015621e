"""Imports point down: cli -> api -> orchestrator -> supervisor -> subjects -> parts -> doors -> ground."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

FLOORS: tuple[tuple[str, ...], ...] = (
    (
        "clock",
        "errors",
        "lifecycle",
        "records",
        "settings",
        "addresses",
        "instance",
        "json_text",
        "json_schemas",
        "signatures",
        "permissions",
        "source_paths",
        "javascript_patterns",
        "vault",
    ),
    ("containers", "store", "outbound"),
    (
        "limits",
        "options",
        "countries",
        "input_schema",
        "input_schema_rules",
        "input_secrets",
        "input_keys",
        "inputs",
        "versions",
        "stats",
        "environment",
        "logs",
        "events",
        "endings",
        "explain",
        "restarts",
        "usage",
        "charging",
        "web_server",
        "budget",
        "payloads",
        "dispatcher",
        "memory_expressions",
        "default_memory",
        "outputs",
    ),
    ("users", "actors", "tasks", "storages", "webhooks", "builds", "bills", "runs"),
    ("supervisor", "retention"),
    ("orchestrator",),
)
"""The modules of `runtime`, from the ground up."""
SUBJECTS = ("storages", "users", "actors", "tasks", "webhooks", "builds", "bills", "runs")
"""Subjects import each other only towards the left."""
OUTSIDE = {
    "docker": {"runtime/containers"},
    "google": {"runtime/containers/buildkit_messages.py"},
    "grpclib": {"runtime/containers/buildkit_session.py"},
    "sqlite3": {"runtime/store"},
    "cryptography": {"runtime/input_secrets.py", "runtime/vault.py"},
    "fastapi": {"api"},
    "starlette": {"api"},
    "uvicorn": {"api/server.py"},
    "typer": {"cli"},
    "httpx": {"cli"},
    "aiohttp": {"runtime/outbound.py", "runtime/web_server.py", "api/web_server.py"},
}
"""Which of our files may import a package that stands for the outside world."""


def sources(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
            names.add(node.module)
    return names


def floor_of(module: str) -> int:
    for number, floor in enumerate(FLOORS):
        if module in floor:
            return number
    raise AssertionError(f"runtime/{module} has no floor: give it one in {Path(__file__).name} and ARCHITECTURE.md")


def runtime_parts(path: Path) -> set[str]:
    parts = {name.split(".")[1] for name in imports(path) if name.startswith("runtime.")}
    return {part for part in parts if (ROOT / "runtime" / part).is_dir() or (ROOT / "runtime" / f"{part}.py").is_file()}


def module_of(path: Path) -> str:
    return path.relative_to(ROOT / "runtime").parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", sources("runtime"), ids=lambda path: str(path.relative_to(ROOT)))
def test_runtime_imports_point_down(path: Path) -> None:
    module = module_of(path)
    if module == "__init__":
        return
    used = runtime_parts(path) - {module}
    assert not [name for name in imports(path) if name.split(".")[0] in ("api", "cli")]
    assert [part for part in used if floor_of(part) > floor_of(module)] == []


@pytest.mark.parametrize("module", SUBJECTS)
def test_subjects_import_each_other_only_downwards(module: str) -> None:
    allowed = SUBJECTS[: SUBJECTS.index(module) + 1]
    for path in sources("runtime"):
        if module_of(path) == module:
            assert runtime_parts(path) & set(SUBJECTS) <= set(allowed), path


@pytest.mark.parametrize("path", sources("api"), ids=lambda path: str(path.relative_to(ROOT)))
def test_api_names_no_door(path: Path) -> None:
    """Only the server, which joins everything, names the engine's door; what the store's pages look like is no door."""
    if path.name == "server.py":
        return
    assert runtime_parts(path) & {"containers", "store", "outbound"} == set()
    assert not [name for name in imports(path) if name.split(".")[0] == "cli"]


@pytest.mark.parametrize("package", OUTSIDE)
def test_only_one_place_knows_each_outside(package: str) -> None:
    for path in sources("runtime") + sources("api") + sources("cli"):
        if any(name.split(".")[0] == package for name in imports(path)):
            where = path.relative_to(ROOT).as_posix()
            assert any(where == place or where.startswith(f"{place}/") for place in OUTSIDE[package]), where
