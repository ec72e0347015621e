"""A server that stands in for the API: it stores Actors, builds and runs in memory, but executes nothing.

The input of a run determines its result: `status`, `exitCode`, `message`, `items`, and `output` as a value or
`rawOutput` as the text of the record. A run ends immediately unless its input has `waits`: `"until aborted"`,
`"forever"` for a run that also ignores an abort, or `"until the web server is seen"` for a run whose web server is
ready, and which ends when a client has read this.

Run as a script, this module stands in for `greenroom up`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.cli.reports import a_report, some_metrics

TOKEN = "cli-token"
STAMP = "2026-01-01T00:00:00.000Z"
TERMINAL = {"SUCCEEDED", "FAILED", "TIMED-OUT", "ABORTED"}
STATS = {
    "durationMillis": 2340,
    "memMaxBytes": 64 * 1024 * 1024,
    "cpuAvgUsage": 12.3,
    "cpuMaxUsage": 99.5,
    "netRxBytes": 2_500_000,
    "netTxBytes": 3000,
    "diskMaxBytes": 4096,
    "computeUnits": 0.00031,
}


class StubApi:
    """The state of the server, the requests it received, and what a test configures.

    `build_status` is the status with which builds end. `error` is the response to a request that starts a run,
    `definition_error` and `start_error` to the checks before a build. `log_lines` are in the log of every run,
    and `explanation` explains it. `report` and `metrics` are those of every run; without a report, its request fails.
    `on_stop` is called on shutdown.
    """

    def __init__(self, *, live_runs: int = 0, build_status: str = "SUCCEEDED") -> None:
        self.rejects_versions = False
        self.stand_in_users: set[str] = set()
        self.prunable: list[dict[str, Any]] = []
        self.advances: list[float] = []
        self.actors: dict[str, dict[str, Any]] = {}
        self.versions: dict[tuple[str, str], dict[str, Any]] = {}
        self.builds: list[dict[str, Any]] = []
        self.runs: dict[str, dict[str, Any]] = {}
        self.inputs: dict[str, Any] = {}
        self.bodies: dict[str, bytes] = {}
        self.requests: list[str] = []
        self.live_runs = live_runs
        self.build_status = build_status
        self.error: tuple[int, str, str] | None = None
        self.definition: dict[str, Any] = {}
        self.input_schema: dict[str, Any] | None = None
        self.definition_error: tuple[int, str, str] | None = None
        self.start_error: tuple[int, str, str] | None = None
        self.checked: list[dict[str, Any]] = []
        self.log_lines: list[str] = []
        self.report: dict[str, Any] | None = a_report()
        self.metrics = some_metrics()
        self.explanation: str | None = "There is no evidence."
        self.stop_runs: str | None = None
        self.settings: dict[str, Any] = {}
        self.on_stop: Callable[[], None] = lambda: None
        self.app = Starlette(routes=self._routes())
        self._finished: dict[str, asyncio.Event] = {}
        self.dev_folder: str | None = None

    def end_run(self, run_id: str, status: str, exit_code: int | None) -> None:
        message = self.inputs[run_id].get("message")
        self.runs[run_id] |= {"status": status, "exitCode": exit_code, "statusMessage": message}
        self._finished[run_id].set()

    def _routes(self) -> list[Route]:
        return [
            Route("/greenroom/info", self._info),
            Route("/greenroom/client-login", self._client_login),
            Route("/greenroom/prune", self._prune, methods=["GET", "POST"]),
            Route("/greenroom/clock", self._advance_clock, methods=["POST"]),
            Route("/greenroom/shutdown", self._shutdown, methods=["POST"]),
            Route("/greenroom/read-definition", self._read_definition, methods=["POST"]),
            Route("/greenroom/check-start", self._check_start, methods=["POST"]),
            Route("/greenroom/runs/{run}/explanation", self._explain),
            Route("/v2/users/me", self._me),
            Route("/v2/actors", self._create_actor, methods=["POST"]),
            Route("/greenroom/actors/{actor}/dev-folder", self._dev_folder, methods=["GET", "PUT", "DELETE"]),
            Route("/greenroom/users/{username}", self._create_user, methods=["PUT"]),
            Route("/v2/actors/{actor}", self._get_actor, methods=["GET", "PUT"]),
            Route("/v2/actors/{actor}/versions", self._create_version, methods=["POST"]),
            Route("/v2/actors/{actor}/versions/{number}", self._version, methods=["GET", "PUT"]),
            Route("/v2/actors/{actor}/builds", self._start_build, methods=["POST"]),
            Route("/v2/actor-builds/{build}", self._get_build),
            Route("/v2/actor-builds/{build}/abort", self._abort_build, methods=["POST"]),
            Route("/v2/actors/{actor}/runs", self._start_run, methods=["POST"]),
            Route("/v2/actor-runs/{run}", self._get_run),
            Route("/v2/actor-runs/{run}/abort", self._abort_run, methods=["POST"]),
            Route("/greenroom/runs/{run}/report", self._report),
            Route("/greenroom/runs/{run}/metrics", self._metrics),
            Route("/v2/logs/{job}", self._log),
            Route("/v2/actors/{actor}/builds", self._list_builds, methods=["GET"]),
            Route("/v2/datasets/{id}", self._storage),
            Route("/v2/key-value-stores/{id}", self._storage),
            Route("/v2/datasets/{dataset}/items", self._items),
            Route("/v2/key-value-stores/{store}/records/{key}", self._record),
        ]

    async def _info(self, request: Request) -> Response:
        return JSONResponse({**info(str(request.base_url).rstrip("/"), self.live_runs), "settings": self.settings})

    async def _client_login(self, request: Request) -> Response:
        return JSONResponse({"username": "local", "token": "it's a $token"})

    async def _shutdown(self, request: Request) -> Response:
        self.stop_runs = request.query_params.get("stopRuns")
        self.on_stop()
        return JSONResponse({"liveRuns": self.live_runs})

    async def _dev_folder(self, request: Request) -> Response:
        if request.method != "GET":
            self.dev_folder = (await request.json())["folder"] if request.method == "PUT" else None
        return JSONResponse({"folder": self.dev_folder})

    async def _read_definition(self, request: Request) -> Response:
        version = await request.json()
        self.requests.append(f"read {version.get('gitRepoUrl') or version['localFolder']}")
        if self.definition_error:
            return error(self.definition_error)
        return JSONResponse({"document": self.definition, "inputSchema": self.input_schema})

    async def _check_start(self, request: Request) -> Response:
        self.requests.append(f"check?{request.url.query}")
        self.checked.append(json.loads(await request.body()))
        return error(self.start_error) if self.start_error else JSONResponse({"valid": True})

    async def _explain(self, request: Request) -> Response:
        return missing() if self.explanation is None else data({"summary": self.explanation})

    async def _list_builds(self, request: Request) -> Response:
        return data({"items": self.builds})

    async def _storage(self, request: Request) -> Response:
        path = request.url.path
        if request.path_params["id"] not in ("d1", "k1"):
            return missing()
        return data({"itemsPublicUrl": f"http://host{path}/items?s=1", "keysPublicUrl": f"http://host{path}/keys?s=1"})

    async def _prune(self, request: Request) -> Response:
        builds = self.prunable
        if request.method == "POST":
            self.prunable = []
        size = sum(build["imageSizeBytes"] for build in builds)
        return JSONResponse({"builds": builds, "images": len(builds), "imageBytes": size})

    async def _advance_clock(self, request: Request) -> Response:
        secs = (await request.json())["advanceSecs"]
        self.advances.append(secs)
        return JSONResponse({"now": "2026-01-02T00:00:00.000Z", "aheadSecs": secs, "ticks": 2})

    async def _me(self, request: Request) -> Response:
        return data({"id": "u1", "username": self._username(request)})

    async def _create_user(self, request: Request) -> Response:
        self.stand_in_users.add(request.path_params["username"])
        return JSONResponse({"id": "u2", "username": request.path_params["username"]})

    def _username(self, request: Request) -> str:
        username = request.headers.get("Greenroom-User", "somebody")
        assert username in {"somebody", *self.stand_in_users}
        return username

    async def _create_actor(self, request: Request) -> Response:
        body = await request.json()
        if self.rejects_versions and body.get("versions"):
            error = {"type": "invalid-value", "message": "Version number must be MAJOR.MINOR"}
            return JSONResponse({"error": error}, 400)
        for version in body.pop("versions", []):
            self.versions["a1", version["versionNumber"]] = version
        owner = self._username(request)
        self.actors["a1"] = {"id": "a1", "username": owner, "taggedBuilds": {}, "isPublic": False, **body}
        return data(self.actors["a1"], 201)

    async def _get_actor(self, request: Request) -> Response:
        wanted = request.path_params["actor"]
        for actor in self.actors.values():
            if wanted in (actor["id"], f"{actor['username']}~{actor['name']}"):
                if request.method == "PUT":
                    actor |= await request.json()
                versions = [each for (id, _), each in self.versions.items() if id == actor["id"]]
                return data({**actor, "versions": versions})
        return missing()

    async def _create_version(self, request: Request) -> Response:
        version = await request.json()
        self.versions[request.path_params["actor"], version["versionNumber"]] = version
        return data(version, 201)

    async def _version(self, request: Request) -> Response:
        key = request.path_params["actor"], request.path_params["number"]
        if request.method == "PUT":
            self.versions[key] = await request.json()
        return data({"envVars": []} | self.versions[key]) if key in self.versions else missing()

    async def _start_build(self, request: Request) -> Response:
        return data(self._new_build(request.path_params["actor"], request.query_params["version"]), 201)

    def _new_build(self, actor_id: str, version: str) -> dict[str, Any]:
        number = f"{version}.{len(self.builds) + 1}"
        build: dict[str, Any] = {
            "id": f"b{len(self.builds) + 1}",
            "buildNumber": number,
            "status": self.build_status,
            "stats": {"imageSizeBytes": 300 * 1024 * 1024},
            "actorDefinition": _definition(self.versions[actor_id, version]),
        }
        self.builds.append(build)
        self._finished[build["id"]] = asyncio.Event()
        if self.build_status != "RUNNING":
            self._finished[build["id"]].set()
        if self.build_status == "SUCCEEDED":
            tag = self.versions[actor_id, version]["buildTag"]
            self.actors[actor_id]["taggedBuilds"][tag] = {"buildId": build["id"], "buildNumber": number}
        return build

    async def _get_build(self, request: Request) -> Response:
        build = self._requested_build(request)
        await self._finished[build["id"]].wait()
        return data(build)

    async def _abort_build(self, request: Request) -> Response:
        build = self._requested_build(request)
        build["status"] = "ABORTED"
        self._finished[build["id"]].set()
        return data(build)

    def _requested_build(self, request: Request) -> dict[str, Any]:
        return next(build for build in self.builds if build["id"] == request.path_params["build"])

    async def _start_run(self, request: Request) -> Response:
        self.requests.append(f"run?{request.url.query}")
        if self.error:
            return error(self.error)
        run_id = f"r{len(self.runs) + 1}"
        self.bodies[run_id] = await request.body()
        wanted = json.loads(self.bodies[run_id] or b"{}")
        self.inputs[run_id] = wanted
        self._finished[run_id] = asyncio.Event()
        self.runs[run_id] = new_run(run_id, request.query_params["build"])
        if not wanted.get("waits"):
            self.end_run(run_id, wanted.get("status", "SUCCEEDED"), wanted.get("exitCode", 0))
        return data(self.runs[run_id], 201)

    async def _get_run(self, request: Request) -> Response:
        run_id = request.path_params["run"]
        if "waitForFinish" in request.query_params:
            await self._finished[run_id].wait()
        elif self.inputs[run_id].get("waits") == "until the web server is seen":
            self.runs[run_id]["isContainerServerReady"] = True
            seen = data(self.runs[run_id])
            self.end_run(run_id, "SUCCEEDED", 0)
            return seen
        return data(self.runs[run_id])

    async def _abort_run(self, request: Request) -> Response:
        run_id = request.path_params["run"]
        self.requests.append(f"abort {run_id}")
        if self.inputs[run_id].get("waits") == "forever":
            self.runs[run_id]["status"] = "ABORTING"
        else:
            self.end_run(run_id, "ABORTED", None)
        return data(self.runs[run_id])

    async def _report(self, request: Request) -> Response:
        if self.report is None:
            return error((503, "unavailable", "The series cannot be read"))
        return JSONResponse(self.report)

    async def _metrics(self, request: Request) -> Response:
        return JSONResponse(self.metrics)

    async def _log(self, request: Request) -> Response:
        job = request.path_params["job"]
        self.requests.append(f"log {job}?{request.url.query}")
        lines = self._build_log(job) if job.startswith("b") else self._run_log(job)
        return StreamingResponse(lines, media_type="text/plain")

    async def _build_log(self, build_id: str) -> AsyncIterator[str]:
        yield f"{STAMP} Step 1/1\n"
        await self._finished[build_id].wait()

    async def _run_log(self, run_id: str) -> AsyncIterator[str]:
        yield f"{STAMP} first line of {run_id}\n"
        for line in self.log_lines:
            yield f"{STAMP} {line}\n"
        await self._finished[run_id].wait()
        yield f"{STAMP} last line of {run_id}, ünïcode\n"

    async def _items(self, request: Request) -> Response:
        items = next(reversed(self.inputs.values())).get("items", [])
        limit = int(request.query_params["limit"])
        return JSONResponse(items[:limit], headers={"X-Apify-Pagination-Total": str(len(items))})

    async def _record(self, request: Request) -> Response:
        wanted = next(reversed(self.inputs.values()))
        if "rawOutput" in wanted:
            return Response(wanted["rawOutput"], media_type="application/json")
        return JSONResponse(wanted["output"]) if "output" in wanted else missing()


def info(url: str, live_runs: int) -> dict[str, Any]:
    return {
        "version": "9.9.9",
        "apiUrl": url,
        "dataDir": "/somewhere",
        "engine": {"version": "20.10", "cgroupVersion": "1", "storageDriver": "overlay2", "disk": "polled"},
        "proxyUrl": "http://localhost:18000",
        "proxyUpstreams": {},
        "enforced": ["memory: hard", "disk: polled"],
        "liveRuns": live_runs,
        "startedAt": STAMP,
    }


def new_run(run_id: str, build: str) -> dict[str, Any]:
    return {
        "id": run_id,
        "status": "RUNNING",
        "statusMessage": None,
        "exitCode": None,
        "buildNumber": build,
        "options": {"memoryMbytes": 128, "diskMbytes": 256, "timeoutSecs": 60, "build": build},
        "stats": STATS,
        "diskEnforcement": "polled",
        "containerUrl": "http://key.runs.localhost:9",
        "isContainerServerReady": False,
        "defaultDatasetId": "d1",
        "defaultKeyValueStoreId": "k1",
    }


def _definition(version: dict[str, Any]) -> Any:
    """The content of actor.json among a version's source files."""
    files = {file["name"]: file["content"] for file in version.get("sourceFiles") or []}
    return json.loads(files.get(".actor/actor.json", "{}"))


def data(value: Any, status: int = 200) -> Response:
    return JSONResponse({"data": value}, status)


def error(given: tuple[int, str, str]) -> Response:
    status, slug, message = given
    return JSONResponse({"error": {"type": slug, "message": message}}, status)


def missing() -> Response:
    return JSONResponse({"error": {"type": "record-not-found", "message": "not found"}}, 404)


def write_server_file(data_dir: Path, port: int, pid: int, token: str = TOKEN) -> None:
    content = {"pid": pid, "url": f"http://127.0.0.1:{port}", "token": token, "version": "9.9.9", "startedAt": STAMP}
    data_dir.mkdir(parents=True, exist_ok=True)
    (data_dir / "server.json").write_text(json.dumps(content))


def serve_like_up() -> None:
    """Serve until a shutdown is requested, with the arguments `up --port N --data-dir DIR`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["up"])
    parser.add_argument("--port", type=int)
    parser.add_argument("--data-dir", type=Path)
    arguments = parser.parse_args()
    stub = StubApi(live_runs=int(os.environ.get("STUB_LIVE_RUNS", "0")))

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        write_server_file(arguments.data_dir, arguments.port, os.getpid())
        yield

    def stop() -> None:
        (arguments.data_dir / "stopped").write_text(str(stub.stop_runs))
        server.should_exit = True

    stub.on_stop = stop
    stub.app.router.lifespan_context = lifespan
    config = uvicorn.Config(stub.app, port=arguments.port, log_level="warning", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    server.run()


if __name__ == "__main__":
    serve_like_up()
