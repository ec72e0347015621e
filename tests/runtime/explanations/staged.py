"""Endings of runs that are staged with real containers, each with the cause that explains it.

The image has one of two programs: it runs the text of STAGE in a shell, which can run PROGRAM, a file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cli.runs.options import encode_env_vars
from testing.api_client import Json
from testing.live_server import LiveServer
from tests.engine import container_of, engine, eventually

PYTHON, NODE = "python", "node"
BASE_IMAGES = {PYTHON: "apify/actor-python:3.13", NODE: "apify/actor-node:22"}
DOCKERFILE = """
FROM {base}
CMD ["sh", "-c", "printf %s \\"$PROGRAM\\" > main.{extension}; exec sh -c \\"$STAGE\\""]
"""
RUN_PYTHON, RUN_NODE = "exec python main.py", "exec node main.js"
HOLD = "import time; print('ready', flush=True); time.sleep(600)"


@dataclass(frozen=True, kw_only=True)
class Staged:
    """A program, how the run is started and what happens to it, and the first cause of its explanation.

    `evidence` are texts that the evidence of this cause contains. Of a tuple, it contains at least one: on a busy
    machine, the kernel removes the counters before they are read a last time.
    """

    cause: str
    certainty: str
    program: str = ""
    stage: str = ""
    image: str = PYTHON
    options: Mapping[str, Any] = field(default_factory=dict)
    during: Callable[[LiveServer, Json], object] = lambda server, run: None
    evidence: tuple[str | tuple[str, ...], ...] = ()
    status: str = "FAILED"


def is_ready(server: LiveServer, run: Json) -> bool:
    return eventually(lambda: "Z ready" in server.text(f"logs/{run['id']}"))


def abort(server: LiveServer, run: Json) -> None:
    is_ready(server, run)
    server.data("POST", f"actor-runs/{run['id']}/abort")


def kill(signal: str) -> Callable[[LiveServer, Json], None]:
    """Send a signal to the container, as `docker kill` does."""

    def send(server: LiveServer, run: Json) -> None:
        is_ready(server, run)
        with engine() as client:
            container_of(client, run).kill(signal)

    return send


SMALL = {"memory": 128}
MEDIUM = {"memory": 256}
ALLOCATES = "held = []\nwhile True: held.append(bytearray(8 << 20))"
ALLOCATES_IN_CHILD = (
    f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {ALLOCATES!r}])\nraise SystemExit(3)"
)
HEAP_HOG = "const held = []; for (;;) held.push(Array.from({ length: 10000 }, (_, index) => ({ index })));"
FAILS = """
import asyncio, os, urllib.request, json
body = json.dumps({"statusMessage": "No pages left", "isStatusMessageTerminal": True}).encode()
url = f"{os.environ['APIFY_API_BASE_URL']}/v2/actor-runs/{os.environ['ACTOR_RUN_ID']}"
headers = {"Authorization": f"Bearer {os.environ['APIFY_TOKEN']}", "Content-Type": "application/json"}
urllib.request.urlopen(urllib.request.Request(url, body, headers, method="PUT"))
raise SystemExit(1)
"""
IS_REJECTED = """
import os, urllib.request
url = f"{os.environ['APIFY_API_BASE_URL']}/v2/actors"
headers = {"Authorization": f"Bearer {os.environ['APIFY_TOKEN']}"}
urllib.request.urlopen(urllib.request.Request(url, headers=headers))
"""
LISTENS = """
import http.server, threading, time
print("ready", flush=True)
server = http.server.HTTPServer(("0.0.0.0", 8099), http.server.BaseHTTPRequestHandler)
threading.Thread(target=server.serve_forever, daemon=True).start()
time.sleep(4)
raise SystemExit(5)
"""
USES_PROXY = """
import os, urllib.request
proxy = urllib.request.ProxyHandler({"http": os.environ["APIFY_PROXY_PASSWORD"] and
    f"http://auto:{os.environ['APIFY_PROXY_PASSWORD']}@{os.environ['APIFY_PROXY_HOSTNAME']}:{os.environ['APIFY_PROXY_PORT']}"})
try:
    urllib.request.build_opener(proxy).open("http://10.255.255.1/")
except urllib.error.HTTPError as error:
    raise RuntimeError(f"Proxy responded with {error.code}: {error.read().decode()}")
"""

OOM_KILLED = ("oom_kill 1", "OOMKilled: true")

ENDINGS: Mapping[str, Staged] = {
    "success": Staged(program="print('done')", cause="succeeded", certainty="certain", status="SUCCEEDED"),
    "memory limit of the only process": Staged(
        program=ALLOCATES,
        options=SMALL,
        cause="memory-limit",
        certainty="certain",
        evidence=(OOM_KILLED, "killed python", "SIGKILL", "peak 128 MB of 128 MB"),
    ),
    "memory limit of a child": Staged(
        program=ALLOCATES_IN_CHILD,
        options=SMALL,
        cause="memory-limit-in-child",
        certainty="likely",
        evidence=(OOM_KILLED, "killed python", "3"),
    ),
    "heap of V8": Staged(
        image=NODE,
        program=HEAP_HOG,
        stage="exec node --max-old-space-size=40 main.js",
        options=MEDIUM,
        cause="heap-limit",
        certainty="certain",
        evidence=("heap out of memory", "134"),
    ),
    "node at the memory limit": Staged(
        image=NODE,
        program=HEAP_HOG,
        stage="exec node --max-old-space-size=4000 main.js",
        options=SMALL,
        cause="memory-limit",
        certainty="certain",
        evidence=("killed node",),
    ),
    "timeout": Staged(
        program=HOLD,
        options={**SMALL, "timeout": 3},
        cause="timeout",
        certainty="certain",
        status="TIMED-OUT",
        evidence=("TIMED-OUT",),
    ),
    "abort": Staged(program=HOLD, during=abort, cause="aborted", certainty="certain", status="ABORTED"),
    "disk limit": Staged(
        # Nearly as much as the limit, and then a byte beyond it. Greenroom would stop a run that wrote all of it.
        program="f = open('/tmp/x', 'wb')\nfor _ in range(250): f.write(bytes(1 << 20))\n"
        "f.seek(1 << 28)\nf.write(b'x')\nf.flush()",
        options=SMALL,
        cause="disk-limit",
        certainty="likely",
        evidence=("File too large", "256 MB"),
    ),
    "shared memory": Staged(
        program="f = open('/dev/shm/x', 'wb')\nwhile True: f.write(bytes(1 << 20))",
        options=MEDIUM,
        cause="other-disk",
        certainty="likely",
        evidence=("No space left on device", "0 MB written of 512 MB"),
    ),
    "mapped shared memory": Staged(
        program="""
import mmap
f = open("/dev/shm/x", "wb+")
f.truncate(200 << 20)
m = mmap.mmap(f.fileno(), 200 << 20)
for n in range(200): m[n << 20] = 1
for n in range(0, 200 << 20, 4096): m[n] = 1
""",
        options=MEDIUM,
        cause="shared-memory",
        certainty="likely",
        evidence=("SIGBUS",),
    ),
    "killed from outside": Staged(
        program=HOLD,
        during=kill("SIGKILL"),
        cause="killed-from-outside",
        certainty="likely",
        evidence=("SIGKILL", "no order to stop the run"),
    ),
    "terminated from outside": Staged(
        program=HOLD, during=kill("SIGTERM"), cause="killed-from-outside", certainty="likely", evidence=("SIGTERM",)
    ),
    "segmentation fault": Staged(
        program="import ctypes; ctypes.string_at(0)", cause="crash", certainty="likely", evidence=("SIGSEGV",)
    ),
    "missing module of Python": Staged(
        program="import requests_of_nobody",
        cause="missing-python-module",
        certainty="likely",
        evidence=("requests_of_nobody", "main.py, line 1"),
    ),
    "missing package of Node.js": Staged(
        image=NODE,
        program="require('left-pad-of-nobody');",
        cause="missing-node-module",
        certainty="likely",
        evidence=("left-pad-of-nobody",),
    ),
    "missing file": Staged(
        program="open('settings/of_nobody.json')",
        cause="missing-file",
        certainty="likely",
        evidence=("settings/of_nobody.json",),
    ),
    "missing entry point of Python": Staged(
        stage="exec python -m src_of_nobody", cause="missing-entry-point", certainty="likely"
    ),
    "missing entry point of Node.js": Staged(
        image=NODE, stage="exec node dist/main.js", cause="missing-entry-point", certainty="likely"
    ),
    "missing script of npm": Staged(
        image=NODE,
        stage="echo '{}' > package.json; exec npm start",
        cause="missing-script",
        certainty="likely",
    ),
    "missing program of the start command": Staged(
        stage="exec /sbin/docker-init -s -- program-of-nobody", cause="missing-entry-point", certainty="likely"
    ),
    "start command that is not executable": Staged(
        stage="exec /sbin/docker-init -s -- /etc/hostname", cause="not-executable", certainty="likely"
    ),
    "wrong architecture": Staged(
        stage="printf '\\177ELF\\002\\001\\001' > x; chmod +x x; ./x", cause="wrong-architecture", certainty="likely"
    ),
    "missing command": Staged(stage="ffmpeg-of-nobody -i x", cause="missing-command", certainty="likely"),
    "permission of a file": Staged(
        program="import os\nos.setuid(12345)\nopen('/etc/of_nobody', 'w')",
        cause="permission-denied",
        certainty="likely",
        evidence=("/etc/of_nobody",),
    ),
    "port in use": Staged(
        program="import socket\nservers = [socket.create_server(('0.0.0.0', 8098)) for _ in '12']",
        cause="port-in-use",
        certainty="likely",
    ),
    "host not found": Staged(
        program="import urllib.request; urllib.request.urlopen('http://host.of.nobody.invalid/')",
        cause="host-not-found",
        certainty="likely",
    ),
    "connection refused": Staged(
        program="import urllib.request; urllib.request.urlopen('http://127.0.0.1:9/')",
        cause="connection-refused",
        certainty="likely",
    ),
    "uncaught error of Python": Staged(
        program="def main():\n    raise ValueError('no price on the page')\nmain()",
        cause="uncaught-error",
        certainty="likely",
        evidence=("ValueError: no price on the page", "main.py, line 2"),
    ),
    "uncaught error of JavaScript": Staged(
        image=NODE,
        program="const price = null;\nconsole.log(price.amount);",
        cause="uncaught-error",
        certainty="likely",
        evidence=("TypeError", "main.js, line 2"),
    ),
    "failed by the Actor": Staged(
        program=FAILS, cause="actor-failed", certainty="certain", evidence=("No pages left",)
    ),
    "limited permissions": Staged(
        program=IS_REJECTED, cause="permissions", certainty="likely", evidence=("GET /v2/actors",)
    ),
    "wrong port": Staged(program=LISTENS, cause="wrong-port", certainty="circumstance", evidence=("0.0.0.0:8099",)),
    "proxy to a private address": Staged(program=USES_PROXY, cause="proxy", certainty="likely"),
    "nothing is known": Staged(program="raise SystemExit(7)", cause="", certainty=""),
}


def params_of(staged: Staged) -> dict[str, Any]:
    """The parameters of the run."""
    stage = staged.stage or (RUN_PYTHON if staged.image == PYTHON else RUN_NODE)
    variables = {"STAGE": stage, "PROGRAM": staged.program}
    return {"memory": 256, **staged.options, "greenroomEnvVars": encode_env_vars(variables)}


def start(server: LiveServer, actor: str, staged: Staged) -> Json:
    """Start the run. Only the server's operator may set variables of a single run."""
    path, params = f"actors/{actor}/runs", params_of(staged)
    run: Json = server.data("POST", path, params=params, headers=server.own_token)
    return run


def stage_actor(server: LiveServer, image: str) -> str:
    """Create and build the Actor that runs the programs."""
    extension = "py" if image == PYTHON else "js"
    content = DOCKERFILE.format(base=BASE_IMAGES[image], extension=extension)
    return server.actor(f"stage-{image}", [{"name": "Dockerfile", "format": "TEXT", "content": content}])


def explanation(server: LiveServer, run: Json) -> Json:
    """The explanation of a run as the server returns it."""
    response = server.http.get(f"/greenroom/runs/{run['id']}/explanation")
    assert response.is_success, response.text
    explained: Json = response.json()["data"]
    return explained
