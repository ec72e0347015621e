"""What all tests share: whether there is a Docker engine, and a real server on it."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import docker
import pytest
from docker.errors import DockerException
from hypothesis import settings

from runtime.base import helper_process
from runtime.base.skipped_imports import skip_import
from testing.live_server import LiveServer
from tests.examples import FAST_PROFILE, FAST_SHARE
from tests.fakes.receiver import Receiver, receiver_in_thread

DOCKER_REQUIRED = "GREENROOM_TEST_REQUIRES_DOCKER"
"""`make test` sets this variable: without an engine, Docker tests then fail. Plain `pytest` skips them."""

# httpx tries to import this package at each request, and the failed search takes a tenth of the request's time.
skip_import("sniffio")

# Examples have no deadline: tests run in parallel, so the time of an example depends on the load of the machine.
settings.register_profile("greenroom", deadline=None)
settings.register_profile(FAST_PROFILE, deadline=None, max_examples=settings().max_examples // FAST_SHARE)
settings.load_profile("greenroom")


def pytest_configure() -> None:
    """Make SIGINT interrupt the tests and the commands that they start, as Ctrl-C does in a terminal.

    A background job such as `nohup make test &` in a script inherits an ignored SIGINT, and would pass it on to every
    command that a test starts and then interrupts.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection() -> None:
    """Collect no garbage while modules are imported and tests are collected: hardly anything of it becomes garbage."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Exempt the modules and the collected tests, which exist until the end, from every garbage collection."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def engine_problem() -> str | None:
    """The reason why there is no usable engine, or None if there is one."""
    try:
        client = docker.from_env()
        client.ping()
        client.close()
    except DockerException as problem:
        return str(problem)
    return None


@pytest.fixture(autouse=True)
def _needs_engine(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("docker") is not None:
        request.getfixturevalue("engine")


@pytest.fixture(scope="session")
def engine(engine_problem: str | None) -> None:
    """A usable engine. Without one, tests that need it are skipped, or fail if DOCKER_REQUIRED is set."""
    if engine_problem is not None and os.environ.get(DOCKER_REQUIRED):
        pytest.fail(f"no Docker engine: {engine_problem}")
    if engine_problem is not None:
        pytest.skip(f"no Docker engine: {engine_problem}")


@pytest.fixture(scope="session")
def server(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One real server for all tests that do not stop it. Tests that kill a server use `own_server`."""
    live = LiveServer(tmp_path_factory.mktemp("server"))
    live.start()
    yield live
    live.close()


@pytest.fixture
def own_server(engine: None, tmp_path: Path) -> Iterator[LiveServer]:
    """A server for one test, which can kill it and start it again."""
    live = LiveServer(tmp_path)
    live.start()
    yield live
    live.close()


@pytest.fixture
def impatient_helpers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Helper processes that stop work after half a second of processor time."""
    limit = "from runtime.base import helper_process; helper_process.ALLOWED_SECS = 0.5; "
    program = helper_process.MAIN.replace("from runtime", limit + "from runtime", 1)
    with ThreadPoolExecutor(1) as threads:
        monkeypatch.setattr(helper_process, "MAIN", program)
        monkeypatch.setattr(helper_process, "_threads", threads)
        yield


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A web server that receives webhooks."""
    receiver = Receiver()
    await receiver.open()
    yield receiver
    await receiver.close()


@pytest.fixture
def blocking_receiver() -> Iterator[Receiver]:
    """The same for tests that block their thread, such as those with a real server."""
    with receiver_in_thread() as receiver:
        yield receiver
