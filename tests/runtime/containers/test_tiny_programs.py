"""The programs of probes, run on this machine without a container."""

from __future__ import annotations

import errno
import platform
import signal
import socket
import subprocess
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from runtime.containers.tiny_programs import MACHINES, connect, fill_memory, wait_for_signal

LOOPBACK = IPv4Address("127.0.0.1")
MACHINE = MACHINES.get(platform.machine())
pytestmark = pytest.mark.skipif(MACHINE is None or platform.system() != "Linux", reason="no program for this machine")


def exit_code(program: bytes, folder: Path) -> int:
    path = folder / "program"
    path.write_bytes(program)
    path.chmod(0o700)
    return subprocess.run([path], check=False).returncode


def test_it_connects(tmp_path: Path) -> None:
    assert MACHINE
    with socket.create_server((str(LOOPBACK), 0)) as listener:
        listener.settimeout(5)
        assert exit_code(connect(MACHINE, LOOPBACK, listener.getsockname()[1]), tmp_path) == 0
        listener.accept()


def test_it_ends_with_the_error_number_if_it_cannot_connect(tmp_path: Path) -> None:
    assert MACHINE
    with socket.create_server((str(LOOPBACK), 0)) as listener:
        port = listener.getsockname()[1]
    assert exit_code(connect(MACHINE, LOOPBACK, port), tmp_path) == errno.ECONNREFUSED


def test_it_fills_its_memory_and_ends(tmp_path: Path) -> None:
    assert MACHINE
    assert exit_code(fill_memory(MACHINE, 1024 * 1024), tmp_path) == -signal.SIGSEGV


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_waits_for_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    assert MACHINE
    path = tmp_path / "program"
    path.write_bytes(wait_for_signal(MACHINE))
    path.chmod(0o700)
    with subprocess.Popen([path]) as process:
        for harmless in (signal.SIGSTOP, signal.SIGCONT, signal.SIGWINCH):
            process.send_signal(harmless)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.05)
        process.send_signal(number)
        assert process.wait(10) == 0
