from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
import uvicorn

from api.server import _Uvicorn


@pytest.fixture(autouse=True)
def previous_handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def server() -> _Uvicorn:
    return _Uvicorn(uvicorn.Config(lambda: None), lambda: None)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_server(server: _Uvicorn, number: signal.Signals) -> None:
    with server.capture_signals():
        signal.raise_signal(number)
    assert server.should_exit


def test_a_signal_that_was_ignored_at_the_start_stays_ignored(server: _Uvicorn) -> None:
    """As in `greenroom up &` of a script: Ctrl-C is for the script."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with server.capture_signals():
        signal.raise_signal(signal.SIGINT)
        assert not server.should_exit
        signal.raise_signal(signal.SIGTERM)
        assert server.should_exit
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
