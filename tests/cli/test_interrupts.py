from __future__ import annotations

import signal

import pytest

from cli.interrupts import endings_interrupt, held_interrupts


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
