"""A separate Docker engine that tests can stop, kill and restart without affecting the machine's engine.

`python -m tests.own_engine` removes what a killed test left behind.
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
    """Return why this machine cannot run such an engine, or None if it can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "a separate engine for tests needs Linux and root"
    missing = [tool for tool in ("dockerd", "docker", "ip") if shutil.which(tool) is None]
    return f"a separate engine for tests needs {', '.join(missing)}" if missing else None


class OwnEngine:
    """A Docker engine that only the tests use. `start` returns when it responds.

    It does not manage iptables. The machine's engine does, so containers of this engine cannot reach other machines.
    """

    def __init__(self) -> None:
        self._dockerd: subprocess.Popen[bytes] | None = None

    def open(self) -> None:
        """Start the engine with the one image that tests need. Only one such engine runs on a machine at a time."""
        self._turn = await_turn()
        remove_engine()
        prepare_host()
        self.start()
        subprocess.run(f"docker save {IMAGE} | docker --host {HOST} load", shell=True, check=True, capture_output=True)

    def start(self, *, live_restore: bool = False) -> None:
        with (STATE / "dockerd.log").open("ab") as log:
            self._dockerd = subprocess.Popen(command(live_restore), stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + PATIENCE_SECS
        while not responds():
            if self._dockerd.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"dockerd did not start:\n{(STATE / 'dockerd.log').read_text()[-2000:]}")
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop the engine in order. Without live-restore, it stops its containers first."""
        assert self._dockerd is not None
        self._dockerd.terminate()
        self._dockerd.wait(PATIENCE_SECS)

    def kill(self) -> None:
        """Kill the engine and its containerd with SIGKILL. The containers continue to run."""
        assert self._dockerd is not None
        containerd = psutil.Process(self._dockerd.pid).children()
        self._dockerd.kill()
        self._dockerd.wait()
        end(containerd)  # otherwise, the next engine would use it as if it were its own

    def lose_power(self) -> None:
        """Kill all processes of the engine and of its containers with SIGKILL, the engine first."""
        rest = processes()
        self.kill()
        end(rest)

    def close(self) -> None:
        remove_engine()
        self._turn.close()


def await_turn() -> socket.socket:
    """Wait until no other process uses such an engine. The returned socket is the lock, and ends with this process."""
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


def prepare_host() -> None:
    """Mount a tmpfs for the engine's data, which is fast to remove, and create a bridge: engines must not share one."""
    DATA.mkdir(parents=True)
    run("mount", "-t", "tmpfs", "-o", f"size={DATA_SIZE}", NAME, str(DATA))
    run("ip", "link", "add", "name", NAME, "type", "bridge")
    run("ip", "address", "add", BRIDGE_ADDRESS, "dev", NAME)
    run("ip", "link", "set", NAME, "up")


def responds() -> bool:
    try:
        docker.DockerClient(base_url=HOST).close()
    except DockerException:
        return False
    return True


def processes() -> list[psutil.Process]:
    """Return the engine's daemons and all processes in its containers."""
    daemons = [each for each in psutil.process_iter(["name", "cmdline"]) if is_daemon(**each.info)]
    return [*daemons, *(child for each in daemons for child in each.children(recursive=True))]


def is_daemon(name: str, cmdline: list[str] | None) -> bool:
    return name.startswith(("dockerd", "containerd")) and any(str(STATE) in word for word in cmdline or [])


def end(ended: list[psutil.Process]) -> None:
    for process in ended:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(ended, PATIENCE_SECS)


def remove_engine() -> None:
    """Remove everything that belongs to the engine, including what a killed test left behind."""
    end(processes())
    if os.path.ismount(DATA):
        remove_containers_and_networks()
        run("umount", "--lazy", *mounts())
    if Path(f"/sys/class/net/{NAME}").exists():
        run("ip", "link", "delete", NAME)
    run("find", "/sys/fs/cgroup", "-depth", "-path", f"*/{NAME}*", "-type", "d", "-exec", "rmdir", "{}", "+")
    if STATE.exists():
        shutil.rmtree(STATE)


def remove_containers_and_networks() -> None:
    """Start the engine to remove its containers and networks, because no other process knows all of them."""
    engine = OwnEngine()
    engine.start()
    client = docker.DockerClient(base_url=HOST)
    for container in client.containers.list(all=True):
        container.remove(force=True, v=True)
    client.networks.prune()
    client.close()
    engine.stop()


def mounts() -> list[str]:
    """Return the engine's mount points, the innermost first."""
    points = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    return [point for point in reversed(points) if point.startswith(f"{STATE}/")]


def run(*words: str) -> None:
    subprocess.run(words, check=True)


if __name__ == "__main__" and problem() is None:
    remove_engine()
