from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from cli.terminal.interrupts import TERMINATION_SIGNALS, deferred_interrupts, interrupt_on_termination


@pytest.fixture(autouse=True)
def as_in_a_terminal() -> Iterator[None]:
    """Install the handlers that a command has in a terminal, independent of how the tests were started."""
    previous = {number: signal.getsignal(number) for number in (signal.SIGINT, *TERMINATION_SIGNALS)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in TERMINATION_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number, handler in previous.items():
        signal.signal(number, handler)


def test_a_deferred_interrupt_is_raised_at_the_end() -> None:
    completed = False
    with pytest.raises(KeyboardInterrupt), deferred_interrupts():
        signal.raise_signal(signal.SIGINT)
        completed = True
    assert completed


def test_a_second_interrupt_is_not_deferred() -> None:
    completed = False
    with pytest.raises(KeyboardInterrupt), deferred_interrupts():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        completed = True
    assert not completed


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_termination_signal_raises_an_interrupt(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), interrupt_on_termination():
        signal.raise_signal(number)
    assert signal.getsignal(number) is before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_an_ignored_signal_stays_ignored(number: signal.Signals) -> None:
    signal.signal(number, signal.SIG_IGN)
    with interrupt_on_termination(), deferred_interrupts():
        signal.raise_signal(number)
        signal.raise_signal(number)
    assert signal.getsignal(number) is signal.SIG_IGN
