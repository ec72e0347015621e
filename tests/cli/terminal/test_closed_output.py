"""A command whose output nobody reads any more cleans up, as after an interrupt: no run continues unnoticed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.commands.test_run import ROOT, WITH_STUB
from tests.cli.conftest import Served
from tests.examples import some

pytestmark = pytest.mark.processes

SECS = 60
needs_full_device = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")


def start(
    served: Served, folder: Path, input: str, *, stdout: int, stderr: int | None = None, ignore_sigterm: bool = False
) -> subprocess.Popen[bytes]:
    run = [sys.executable, "-c", WITH_STUB, "run", str(folder), "--data-dir", str(served.data_dir), "-i", input]
    command = ["sh", "-c", "trap '' TERM; exec \"$@\"", "sh", *run] if ignore_sigterm else run
    return subprocess.Popen(command, cwd=ROOT, stdout=stdout, stderr=stderr)


def read_line(descriptor: int, text: bytes) -> None:
    """Read until a line contains the text."""
    received = b""
    while text not in received:
        chunk = os.read(descriptor, 1)
        assert chunk, received
        received += chunk


def test_a_closed_pipe_aborts_the_run_even_if_it_prints_nothing(served: Served, folder: Path) -> None:
    reader, writer = os.pipe()
    process = start(served, folder, '{"waits": "until aborted"}', stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    read_line(reader, b"first line of r1")
    os.close(reader)
    _, err = process.communicate(timeout=SECS)
    assert (process.returncode, served.stub.requests.count("abort r1")) == (3, 1)
    assert b"Traceback" not in err and b"BrokenPipe" not in err


def test_both_streams_can_be_closed(served: Served, folder: Path) -> None:
    """As with `greenroom run 2>&1 | head`."""
    reader, writer = os.pipe()
    process = start(served, folder, '{"waits": "until aborted"}', stdout=writer, stderr=writer)
    os.close(writer)
    read_line(reader, b"first line of r1")
    os.close(reader)
    assert (process.wait(SECS), served.stub.requests.count("abort r1")) == (3, 1)


def test_a_closed_pipe_aborts_the_build(served: Served, folder: Path) -> None:
    served.stub.build_status = "RUNNING"
    reader, writer = os.pipe()
    process = start(served, folder, "{}", stdout=writer, stderr=writer)
    os.close(writer)
    read_line(reader, b"Step 1/1")
    os.close(reader)
    assert process.wait(SECS) == 3
    assert (served.stub.builds[0]["status"], served.stub.runs) == ("ABORTED", {})


def test_an_interrupt_that_also_ends_the_reader_is_one_interrupt(served: Served, folder: Path) -> None:
    """As a Ctrl-C during `greenroom run | tee FILE`, which ends `tee` too."""
    reader, writer = os.pipe()
    process = start(served, folder, '{"waits": "until aborted"}', stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    read_line(reader, b"first line of r1")
    process.send_signal(signal.SIGINT)
    os.close(reader)
    _, err = process.communicate(timeout=SECS)
    assert (process.returncode, served.stub.requests.count("abort r1")) == (3, 1)
    assert b"Aborting the run" in err and b"Exited without waiting" not in err


def test_closed_messages_do_not_end_the_run(served: Served, folder: Path) -> None:
    """Only the results matter: with `2>&-` or a closed stderr, the command continues."""
    reader, writer = os.pipe()
    os.close(reader)
    process = start(served, folder, '{"items": [1]}', stdout=subprocess.PIPE, stderr=writer)
    os.close(writer)
    out, _ = process.communicate(timeout=SECS)
    assert process.returncode == 0
    assert b"SUCCEEDED  run r1" in out


@needs_full_device
def test_a_run_whose_log_cannot_be_written_is_aborted(served: Served, folder: Path) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    process = start(served, folder, '{"waits": "until aborted"}', stdout=full, stderr=subprocess.PIPE)
    os.close(full)
    _, err = process.communicate(timeout=SECS)
    assert (process.returncode, served.stub.requests.count("abort r1")) == (69, 1)
    assert b"could not be written to stdout: No space left on device" in err
    assert b"Traceback" not in err


def test_an_ignored_sigterm_stays_ignored(served: Served, folder: Path) -> None:
    reader, writer = os.pipe()
    process = start(served, folder, '{"waits": "until aborted"}', stdout=writer, ignore_sigterm=True)
    os.close(writer)
    read_line(reader, b"first line of r1")
    os.close(reader)
    served.stub.end_run("r1", "SUCCEEDED", 0)
    assert process.wait(SECS) == 0


@pytest.mark.parametrize("arguments", some([["run", "--help"], ["--help"], ["status"]]))
def test_help_for_a_closed_pipe_is_no_error(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, str(ROOT / "greenroom" / "__main__.py"), *arguments]
    process = subprocess.Popen(command, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    _, err = process.communicate(timeout=SECS)
    assert b"Traceback" not in err and b"BrokenPipe" not in err


@needs_full_device
@pytest.mark.parametrize("redirections", ["<&- >&- 2>&-", ">/dev/full"])
def test_streams_that_are_closed_from_the_start_or_full(redirections: str) -> None:
    command = f'"$0" -m greenroom run absent --json {redirections}'
    ended = subprocess.run(["sh", "-c", command, sys.executable], cwd=ROOT, capture_output=True, check=False)
    assert ended.returncode == 64
    assert b"Traceback" not in ended.stderr
