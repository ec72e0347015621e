"""The claims of ARCHITECTURE.md about imports: rooms import downwards, and each outside world has one door."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

ROOMS = (
    "base",
    "reports",
    "containers",
    "database",
    "live_events",
    "outbound",
    "container_http",
    "proxy",
    "jobs",
    "memory_expressions",
    "inputs",
    "access",
    "storages",
    "actors",
    "webhooks",
    "billing",
    "metrics",
    "history",
    "builds",
    "runs",
    "explanations",
    "schedules",
    "fits",
    "standby",
    "clock_advance",
    "account_limits",
    "retention",
    "pruning",
    "actor_deletion",
    "orchestrator",
    "doctor",
)
"""The rooms of `runtime`, from the lowest up: each imports only rooms that are listed before it."""
DOORS = {"containers", "database", "outbound", "container_http", "proxy"}
OUTSIDE = {
    "docker": {"runtime/containers"},
    "google": {"runtime/containers/buildkit_messages.py"},
    "grpclib": {"runtime/containers/buildkit_session.py"},
    "sqlite3": {"runtime/database"},
    "cryptography": {"runtime/inputs/encryption.py", "runtime/base/vault.py"},
    "fastapi": {"api"},
    "starlette": {"api"},
    "uvicorn": {"api/server.py", "api/connections"},
    "httptools": {"api/connections", "runtime/container_http", "runtime/containers", "runtime/proxy"},
    "python_socks": {"runtime/proxy"},
    "typer": {"cli"},
    "httpx": {"cli"},
    "aiohttp": {"runtime/outbound/web_client.py"},
    "websockets": {"api/connections", "cli/client/shell.py"},
}
"""For each package that reaches the outside world or serves it: the files and folders that may import it."""


def sources(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


@dataclass(frozen=True, slots=True)
class Facts:
    """What the tests check about a file. Each file is parsed only once."""

    imports: frozenset[str]
    strings: tuple[str, ...]
    """All string literals, including the literal parts of f-strings."""
    writes_status: bool
    """Whether it changes a status with `dataclasses.replace`. `status=now.status` is not a change."""


@cache
def facts_of(path: Path) -> Facts:
    names: set[str] = set()
    strings: list[str] = []
    writes_status = False
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Constant(value=str(text)):
                strings.append(text)
            case ast.Import():
                names.update(alias.name for alias in node.names)
            case ast.ImportFrom(module=str(module)):
                names.update(f"{module}.{alias.name}" for alias in node.names)
                names.add(module)
            case ast.Call(func=ast.Name(id="replace")):
                values = (each.value for each in node.keywords if each.arg == "status")
                writes_status |= any(not ast.unparse(value).endswith(".status") for value in values)
    return Facts(frozenset(names), tuple(strings), writes_status)


def room_of(path: Path) -> str:
    return path.relative_to(ROOT / "runtime").parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    return {name.split(".")[1] for name in facts_of(path).imports if name.startswith("runtime.")}


def imported_packages(path: Path) -> set[str]:
    return {name.split(".")[0] for name in facts_of(path).imports}


def test_every_room_has_a_place() -> None:
    """A new room needs a place in ROOMS and in ARCHITECTURE.md."""
    assert {room_of(path) for path in sources("runtime")} - {"__init__"} == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_import_downwards(room: str) -> None:
    for path in (each for each in sources("runtime") if room_of(each) == room):
        assert imported_rooms(path) <= set(ROOMS[: ROOMS.index(room) + 1]), path
        assert not imported_packages(path) & {"api", "cli"}, path


def test_api_uses_no_door() -> None:
    """Only the server, which builds the orchestrator, names the door to the engine. The proxy has a door of its own."""
    for path in (each for each in sources("api") if each.name != "server.py"):
        forwards = path.parent.name in ("web_server", "standby")
        assert imported_rooms(path) & DOORS <= ({"container_http"} if forwards else set()), path
        assert "cli" not in imported_packages(path), path


@pytest.mark.parametrize("package", OUTSIDE)
def test_outside_packages_are_imported_only_where_listed(package: str) -> None:
    for path in sources("runtime") + sources("api") + sources("cli"):
        if package in imported_packages(path):
            where = path.relative_to(ROOT).as_posix()
            assert any(where == place or where.startswith(f"{place}/") for place in OUTSIDE[package]), where


SQL = re.compile(
    r"\bSELECT\b.*\bFROM\b|\bINSERT (OR \w+ )?INTO\b|\bUPDATE \w+ SET\b|\bDELETE FROM\b|\bPRAGMA\b"
    r"|\bCREATE (UNIQUE )?(TABLE|INDEX)\b|\bORDER BY\b|\bLIMIT \?|\bIN \(\?|\bIS (NOT )?NULL\b|[=<>] \?|json_extract",
    re.DOTALL,
)
"""SQL statements, and the clauses and conditions that they are composed of."""


def test_only_the_database_room_contains_sql() -> None:
    with_sql = {
        path.relative_to(ROOT).parts[:2]
        for path in sources("runtime") + sources("api") + sources("cli")
        if any(SQL.search(text) for text in facts_of(path).strings)
    }
    assert with_sql == {("runtime", "database")}


def test_the_command_imports_only_rooms_that_need_no_server() -> None:
    """The commands speak HTTP. `up` alone imports the server, which it starts."""
    for path in sources("cli"):
        examines = "doctor" in path.relative_to(ROOT).as_posix()
        assert imported_rooms(path) <= {"base", "reports"} | ({"doctor"} if examines else set()), path


def test_one_module_writes_the_status_of_runs_and_one_that_of_builds() -> None:
    writers = {
        room: [path.name for path in sources(f"runtime/{room}") if facts_of(path).writes_status]
        for room in ("runs", "builds")
    }
    assert writers == {"runs": ["status.py"], "builds": ["builds.py"]}


CLOCKS = {
    "api/data_transfer.py",  # it measures how long API calls of runs take
    "runtime/base/background.py",  # it limits slices of work
    "runtime/base/clock.py",
    "runtime/containers/counters.py",  # it stamps samples
    "runtime/base/loop_share.py",  # it measures how long it holds the event loop
    "runtime/base/javascript_regex.py",  # it enforces a deadline on a process
}
"""The modules of the server that read the time themselves. All others get it from a clock that is passed to them."""


def test_only_the_listed_modules_read_the_time() -> None:
    found = set()
    for path in sources("runtime") + sources("api"):
        text = path.read_text()
        if re.search(r"\btime\.(time|monotonic|perf_counter)|datetime\.(now|utcnow|today)", text):
            found.add(path.relative_to(ROOT).as_posix())
    assert found == CLOCKS
