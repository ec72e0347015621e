from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from cli.interrupts import ENDING_SIGNALS, endings_interrupt, held_interrupts


@pytest.fixture(autouse=True)
def as_in_a_terminal() -> Iterator[None]:
    """The handlers of a command that was started in a terminal, whatever the tests were started with."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, *ENDING_SIGNALS)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in ENDING_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_held_interrupt_comes_at_the_end() -> None:
    done = False
    with pytest.raises(KeyboardInterrupt), held_interrupts():
        signal.raise_signal(signal.SIGINT)
        done = True
    assert done


def test_a_second_interrupt_is_not_held() -> None:
    done = False
    with pytest.raises(KeyboardInterrupt), held_interrupts():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        done = True
    assert not done


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_an_ending_is_an_interrupt(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), endings_interrupt():
        signal.raise_signal(number)
    assert signal.getsignal(number) is before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_an_ignored_signal_stays_ignored(number: signal.Signals) -> None:
    signal.signal(number, signal.SIG_IGN)
    with endings_interrupt(), held_interrupts():
        signal.raise_signal(number)
        signal.raise_signal(number)
    assert signal.getsignal(number) is signal.SIG_IGN
