"""A Docker engine of the tests' own, beside the machine's, to be stopped, killed and started again.

`python -m tests.own_engine` clears away what a killed test left of it.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import docker
import psutil
from docker.errors import DockerException

STATE = Path("/var/tmp/greenroom-own-engine")
DATA = STATE / "data"
HOST = f"unix://{STATE}/docker.sock"
NAME = "greenroom-own"
BRIDGE_ADDRESS = "172.31.253.1/24"
IMAGE = "apify/actor-python:3.13"
DATA_SIZE = "4g"
PATIENCE_SECS = 60


def problem() -> str | None:
    """Why there can be no such engine here; None where there can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "an engine of the tests' own needs Linux and root"
    missing = [tool for tool in ("dockerd", "docker", "ip") if shutil.which(tool) is None]
    return f"an engine of the tests' own needs {', '.join(missing)}" if missing else None


class OwnEngine:
    """`start` ends when it answers. Its rules in iptables are the first engine's: it reaches no further than here."""

    def __init__(self) -> None:
        self._dockerd: subprocess.Popen[bytes] | None = None

    def open(self) -> None:
        """Start it with the one image that tests need; there is one at a time on a machine."""
        self._turn = await_turn()
        clear_away()
        make_room()
        self.start()
        subprocess.run(f"docker save {IMAGE} | docker --host {HOST} load", shell=True, check=True, capture_output=True)

    def start(self, *, live_restore: bool = False) -> None:
        with (STATE / "dockerd.log").open("ab") as log:
            self._dockerd = subprocess.Popen(command(live_restore), stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + PATIENCE_SECS
        while not answers():
            if self._dockerd.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"dockerd did not start:\n{(STATE / 'dockerd.log').read_text()[-2000:]}")
            time.sleep(0.1)

    def stop(self) -> None:
        """In order: without live-restore it ends its containers first."""
        assert self._dockerd is not None
        self._dockerd.terminate()
        self._dockerd.wait(PATIENCE_SECS)

    def kill(self) -> None:
        """kill -9 of the engine alone: its containers go on, its containerd dies with it."""
        assert self._dockerd is not None
        containerd = psutil.Process(self._dockerd.pid).children()
        self._dockerd.kill()
        self._dockerd.wait()
        end(containerd)  # the next engine must not take it for one that goes on

    def lose_power(self) -> None:
        """kill -9 of everything that runs in and for it, the engine first."""
        rest = processes()
        self.kill()
        end(rest)

    def close(self) -> None:
        clear_away()
        self._turn.close()


def await_turn() -> socket.socket:
    """A name that only one process at a time can have, and loses when it dies."""
    turn = socket.socket(socket.AF_UNIX)
    while True:
        try:
            turn.bind(f"\0{NAME}")
        except OSError:
            time.sleep(1)
        else:
            return turn


def command(live_restore: bool) -> list[str]:
    places = ["--host", HOST, "--pidfile", f"{STATE}/dockerd.pid"]
    places += ["--data-root", str(DATA), "--exec-root", f"{STATE}/exec"]
    names = ["--cgroup-parent", f"/{NAME}", "--bridge", NAME]
    names += ["--containerd-namespace", NAME, "--containerd-plugins-namespace", f"{NAME}-plugins"]
    return ["dockerd", *places, *names, "--iptables=false", "--ip6tables=false", f"--live-restore={live_restore}"]


def make_room() -> None:
    """Memory for its data, which is gone at once, and a bridge of its own: two engines must not manage one."""
    DATA.mkdir(parents=True)
    run("mount", "-t", "tmpfs", "-o", f"size={DATA_SIZE}", NAME, str(DATA))
    run("ip", "link", "add", "name", NAME, "type", "bridge")
    run("ip", "address", "add", BRIDGE_ADDRESS, "dev", NAME)
    run("ip", "link", "set", NAME, "up")


def answers() -> bool:
    try:
        docker.DockerClient(base_url=HOST).close()
    except DockerException:
        return False
    return True


def processes() -> list[psutil.Process]:
    """Its daemons, and all that runs in its containers."""
    daemons = [each for each in psutil.process_iter(["name", "cmdline"]) if is_daemon(**each.info)]
    return [*daemons, *(child for each in daemons for child in each.children(recursive=True))]


def is_daemon(name: str, cmdline: list[str] | None) -> bool:
    return name.startswith(("dockerd", "containerd")) and any(str(STATE) in word for word in cmdline or [])


def end(ended: list[psutil.Process]) -> None:
    for process in ended:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(ended, PATIENCE_SECS)


def clear_away() -> None:
    """Leave nothing of it, nor of one that a killed test left."""
    end(processes())
    if os.path.ismount(DATA):
        remove_what_it_made()
        run("umount", "--lazy", *mounts())
    if Path(f"/sys/class/net/{NAME}").exists():
        run("ip", "link", "delete", NAME)
    run("find", "/sys/fs/cgroup", "-depth", "-path", f"*/{NAME}*", "-type", "d", "-exec", "rmdir", "{}", "+")
    if STATE.exists():
        shutil.rmtree(STATE)


def remove_what_it_made() -> None:
    """It is started for that: it alone knows all."""
    engine = OwnEngine()
    engine.start()
    client = docker.DockerClient(base_url=HOST)
    for container in client.containers.list(all=True):
        container.remove(force=True, v=True)
    client.networks.prune()
    client.close()
    engine.stop()


def mounts() -> list[str]:
    """The innermost first."""
    points = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    return [point for point in reversed(points) if point.startswith(f"{STATE}/")]


def run(*words: str) -> None:
    subprocess.run(words, check=True)


if __name__ == "__main__" and problem() is None:
    clear_away()
