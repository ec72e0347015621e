"""What all tests share: whether there is a Docker engine, and a real server on it."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import docker
import pytest
from docker.errors import DockerException
from hypothesis import settings

from testing.live_server import LiveServer
from tests.fakes.receiver import Receiver, receiver_in_thread

DOCKER_IS_A_MUST = "GREENROOM_TEST_REQUIRES_DOCKER"
"""Set by `make test`: without an engine its Docker tests fail, where plain `pytest` skips them."""

# No deadline for an example: tests run in parallel, so its time depends on the load of the machine.
settings.register_profile("greenroom", deadline=None)
settings.load_profile("greenroom")


def pytest_configure() -> None:
    """Have a Ctrl-C interrupt the tests and the commands that they start, as in a terminal.

    A background job such as `nohup make test &` in a script inherits an ignored SIGINT, and would pass it on to every
    command that a test starts and then interrupts.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def engine_problem() -> str | None:
    """Why there is no usable engine; None if there is one."""
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
    """A usable engine; what needs one is skipped, or fails, without one."""
    if engine_problem is not None and os.environ.get(DOCKER_IS_A_MUST):
        pytest.fail(f"no Docker engine: {engine_problem}")
    if engine_problem is not None:
        pytest.skip(f"no Docker engine: {engine_problem}")


@pytest.fixture(scope="session")
def server(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One real server for all tests that only use it; tests that kill a server start their own."""
    live = LiveServer(tmp_path_factory.mktemp("server"))
    live.start()
    yield live
    live.close()


@pytest.fixture
def own_server(engine: None, tmp_path: Path) -> Iterator[LiveServer]:
    """A server of the test's own, to be killed and started again."""
    live = LiveServer(tmp_path)
    live.start()
    yield live
    live.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Somewhere to send webhooks to."""
    receiver = Receiver()
    await receiver.open()
    yield receiver
    await receiver.close()


@pytest.fixture
def blocking_receiver() -> Iterator[Receiver]:
    """The same for tests that block, as those with a real server do."""
    with receiver_in_thread() as receiver:
        yield receiver
