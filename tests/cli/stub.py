"""A server that plays the API: actors, builds and runs in memory, and runs that do as their input says.

A run's input may hold `status` (how it ends), `exitCode`, `message`, `items`, `output` and `waits` (it ends only when
aborted). As a script it stands in for `greenroom up`.
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


class Stub:
    """The state, the routes, and what was asked of them."""

    def __init__(self, *, live_runs: int = 0, build_status: str = "SUCCEEDED") -> None:
        self.actors: dict[str, dict[str, Any]] = {}
        self.versions: dict[tuple[str, str], dict[str, Any]] = {}
        self.builds: list[dict[str, Any]] = []
        self.runs: dict[str, dict[str, Any]] = {}
        self.inputs: dict[str, Any] = {}
        self.bodies: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.live_runs = live_runs
        self.build_status = build_status
        self.refusal: tuple[int, str, str] | None = None
        self.stop_runs: str | None = None
        self.on_stop: Callable[[], None] = lambda: None
        self.ended: dict[str, asyncio.Event] = {}
        self.app = Starlette(routes=self._routes())

    def _routes(self) -> list[Route]:
        return [
            Route("/greenroom/info", self.info),
            Route("/greenroom/shutdown", self.shutdown, methods=["POST"]),
            Route("/v2/users/me", self.me),
            Route("/v2/actors", self.create_actor, methods=["POST"]),
            Route("/v2/actors/{actor}", self.get_actor),
            Route("/v2/actors/{actor}/versions", self.create_version, methods=["POST"]),
            Route("/v2/actors/{actor}/versions/{number}", self.version, methods=["GET", "PUT"]),
            Route("/v2/actors/{actor}/builds", self.start_build, methods=["POST"]),
            Route("/v2/actor-builds/{build}", self.get_build),
            Route("/v2/actor-builds/{build}/abort", self.abort_build, methods=["POST"]),
            Route("/v2/actors/{actor}/runs", self.start_run, methods=["POST"]),
            Route("/v2/actor-runs/{run}", self.get_run),
            Route("/v2/actor-runs/{run}/abort", self.abort, methods=["POST"]),
            Route("/v2/logs/{job}", self.log),
            Route("/v2/datasets/{dataset}/items", self.items),
            Route("/v2/key-value-stores/{store}/records/{key}", self.record),
        ]

    async def info(self, request: Request) -> Response:
        return JSONResponse(info(str(request.base_url).rstrip("/"), self.live_runs))

    async def shutdown(self, request: Request) -> Response:
        self.stop_runs = request.query_params.get("stopRuns")
        self.on_stop()
        return JSONResponse({"liveRuns": self.live_runs})

    async def me(self, request: Request) -> Response:
        return data({"id": "u1", "username": "somebody"})

    async def create_actor(self, request: Request) -> Response:
        self.actors["a1"] = {"id": "a1", "username": "somebody", "taggedBuilds": {}, **await request.json()}
        return data(self.actors["a1"], 201)

    async def get_actor(self, request: Request) -> Response:
        wanted = request.path_params["actor"]
        for actor in self.actors.values():
            if wanted in (actor["id"], f"somebody~{actor['name']}"):
                return data(actor)
        return missing()

    async def create_version(self, request: Request) -> Response:
        version = await request.json()
        self.versions[request.path_params["actor"], version["versionNumber"]] = version
        return data(version, 201)

    async def version(self, request: Request) -> Response:
        key = request.path_params["actor"], request.path_params["number"]
        if request.method == "PUT":
            self.versions[key] = await request.json()
        return data({"envVars": []} | self.versions[key]) if key in self.versions else missing()

    async def start_build(self, request: Request) -> Response:
        return data(self._build(request.path_params["actor"], request.query_params["version"]), 201)

    def _build(self, actor_id: str, version: str) -> dict[str, Any]:
        number = f"{version}.{len(self.builds) + 1}"
        build = {
            "id": f"b{len(self.builds) + 1}",
            "buildNumber": number,
            "status": self.build_status,
            "stats": {"imageSizeBytes": 300 * 1024 * 1024},
        }
        self.builds.append(build)
        self.ended[build["id"]] = asyncio.Event()
        if self.build_status != "RUNNING":
            self.ended[build["id"]].set()
        if self.build_status == "SUCCEEDED":
            tag = self.versions[actor_id, version]["buildTag"]
            self.actors[actor_id]["taggedBuilds"][tag] = {"buildId": build["id"], "buildNumber": number}
        return build

    async def get_build(self, request: Request) -> Response:
        build = self._build_of(request)
        await self.ended[build["id"]].wait()
        return data(build)

    async def abort_build(self, request: Request) -> Response:
        build = self._build_of(request)
        build["status"] = "ABORTED"
        self.ended[build["id"]].set()
        return data(build)

    def _build_of(self, request: Request) -> dict[str, Any]:
        return next(build for build in self.builds if build["id"] == request.path_params["build"])

    async def start_run(self, request: Request) -> Response:
        self.asked.append(f"run?{request.url.query}")
        if self.refusal:
            status, slug, message = self.refusal
            return JSONResponse({"error": {"type": slug, "message": message}}, status)
        run_id = f"r{len(self.runs) + 1}"
        self.bodies[run_id] = await request.body()
        wanted = json.loads(self.bodies[run_id] or b"{}")
        self.inputs[run_id] = wanted
        self.ended[run_id] = asyncio.Event()
        self.runs[run_id] = new_run(run_id, request.query_params["build"])
        if not wanted.get("waits"):
            self._end(run_id, wanted.get("status", "SUCCEEDED"), wanted.get("exitCode", 0))
        return data(self.runs[run_id], 201)

    def _end(self, run_id: str, status: str, exit_code: int | None) -> None:
        message = self.inputs[run_id].get("message")
        self.runs[run_id] |= {"status": status, "exitCode": exit_code, "statusMessage": message}
        self.ended[run_id].set()

    async def get_run(self, request: Request) -> Response:
        run_id = request.path_params["run"]
        await self.ended[run_id].wait()
        return data(self.runs[run_id])

    async def abort(self, request: Request) -> Response:
        run_id = request.path_params["run"]
        self.asked.append(f"abort {run_id}")
        if self.inputs[run_id].get("waits") == "for ever":
            self.runs[run_id]["status"] = "ABORTING"
        else:
            self._end(run_id, "ABORTED", None)
        return data(self.runs[run_id])

    async def log(self, request: Request) -> Response:
        job = request.path_params["job"]
        self.asked.append(f"log {job}?{request.url.query}")
        lines = self._build_log(job) if job.startswith("b") else self._run_log(job)
        return StreamingResponse(lines, media_type="text/plain")

    async def _build_log(self, build_id: str) -> AsyncIterator[str]:
        yield f"{STAMP} Step 1/1\n"
        await self.ended[build_id].wait()

    async def _run_log(self, run_id: str) -> AsyncIterator[str]:
        yield f"{STAMP} first line of {run_id}\n"
        await self.ended[run_id].wait()
        yield f"{STAMP} last line of {run_id}, ünïcode\n"

    async def items(self, request: Request) -> Response:
        items = next(reversed(self.inputs.values())).get("items", [])
        limit = int(request.query_params["limit"])
        return JSONResponse(items[:limit], headers={"X-Apify-Pagination-Total": str(len(items))})

    async def record(self, request: Request) -> Response:
        wanted = next(reversed(self.inputs.values()))
        return JSONResponse(wanted["output"]) if "output" in wanted else missing()


def info(url: str, live_runs: int) -> dict[str, Any]:
    return {
        "version": "9.9.9",
        "apiUrl": url,
        "dataDir": "/somewhere",
        "engine": {"version": "20.10", "cgroupVersion": "1", "storageDriver": "overlay2", "disk": "polled"},
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
        "defaultDatasetId": "d1",
        "defaultKeyValueStoreId": "k1",
    }


def data(value: Any, status: int = 200) -> Response:
    return JSONResponse({"data": value}, status)


def missing() -> Response:
    return JSONResponse({"error": {"type": "record-not-found", "message": "not found"}}, 404)


def write_server_file(data_dir: Path, port: int, pid: int, token: str = TOKEN) -> None:
    told = {"pid": pid, "url": f"http://127.0.0.1:{port}", "token": token, "version": "9.9.9", "startedAt": STAMP}
    data_dir.mkdir(parents=True, exist_ok=True)
    (data_dir / "server.json").write_text(json.dumps(told))


def stand_in_for_up() -> None:
    """`up --port N --data-dir DIR`: serve until asked to stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["up"])
    parser.add_argument("--port", type=int)
    parser.add_argument("--data-dir", type=Path)
    told = parser.parse_args()
    stub = Stub(live_runs=int(os.environ.get("STUB_LIVE_RUNS", "0")))

    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        write_server_file(told.data_dir, told.port, os.getpid())
        yield

    def end() -> None:
        (told.data_dir / "stopped").write_text(str(stub.stop_runs))
        server.should_exit = True

    stub.on_stop = end
    stub.app.router.lifespan_context = life
    server = uvicorn.Server(uvicorn.Config(stub.app, port=told.port, log_level="warning", timeout_graceful_shutdown=1))
    server.run()


if __name__ == "__main__":
    stand_in_for_up()
