"""Docker behind the interface of this package: docker-py in a small thread pool, long streams in threads of their own.

Inspect is the truth about a container; the engine's events only wake those who wait.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import platform
import re
import socket
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, contextmanager, suppress
from dataclasses import replace
from functools import partial
from io import BytesIO
from itertools import chain, repeat
from pathlib import Path
from tarfile import TarFile
from typing import Any, ParamSpec, TypeVar

import docker.errors
import docker.utils
import requests
import urllib3
from docker.context import ContextAPI
from docker.types import LogConfig, Ulimit

from runtime.containers import (
    INSTANCE_LABEL,
    BuildFailed,
    BuildLines,
    BuildSpec,
    Container,
    ContainerSpec,
    ContainerState,
    DiskEnforcement,
    Engine,
    EngineStart,
    EngineUnavailable,
    Image,
    ImageMissing,
    LogLine,
    Sample,
    StartFailed,
    WrongArchitecture,
    cgroups,
)
from runtime.containers.answers import NEVER, cleaned, container_state, millis, stats_sample
from runtime.containers.build_log import BuildLog
from runtime.containers.buildkit_log import BuildKitLog
from runtime.containers.disk import quota_problem, used_bytes
from runtime.containers.follow import following
from runtime.containers.log_frames import Delivered, LogFrames
from runtime.containers.streams import BuildStream, JsonStream, LogStream

log = logging.getLogger(__name__)

CPU_PERIOD = 100_000  # microseconds
CPU_QUOTA_MIN = 1_000  # the kernel's own minimum
DROPPED_CAPABILITIES = ["AUDIT_WRITE", "MKNOD", "NET_RAW", "SETFCAP"]
# Rotation loses lines under a follower. The size is far above what is kept of a log and only guards the host's disk.
LOG_OPTIONS = {"max-size": "1g", "max-file": "1", "compress": "false", "mode": "blocking"}
NETWORK_OPTIONS = {"com.docker.network.bridge.enable_icc": "false"}  # containers don't reach each other
LOOPBACK = "127.0.0.1"
DEFAULT_BRIDGE = "bridge"  # the engine makes it anew at each start, unless containers that it left alone are on one

CALL_TIMEOUT_SECS = 120
SAMPLE_SECS = 1.0
FIRST_PAUSES_SECS = (0.3, 0.3, 0.4)  # the shortest runs should not go unseen
RECONNECT_SECS = 1.0
RECHECK_SECS = 30.0  # events may be lost; whoever waits looks again at the latest after this
LOG_END_SECS = 1.0  # the log ends while the engine is still taking the container's network down
SIGKILLED = 137
OOM_NEWS_SECS = 0.3  # by its own way to the engine, the news of an OOM kill may come after that of the exit
# Quotas count whole blocks, the engine the bytes in files: 6 % more for a Python image, 8 % for one of Node.
BLOCKS_PER_BYTE = 1.07
PROBE_DISK_BYTES = 256 * 1024 * 1024
BUILDKIT_API = (1, 39)
# As the classic builder, BuildKit and a containerd image store say it.
WRONG_ARCHITECTURE = re.compile(
    r"no match(ing manifest)? for (platform|linux/)|does not match the (specified|expected) platform", re.I
)

P = ParamSpec("P")
T = TypeVar("T")


class DockerContainers:
    """The engine at `docker_host`, else at `DOCKER_HOST`, else of the docker command's current context."""

    def __init__(self, instance_id: str, *, docker_host: str | None = None) -> None:
        self._instance_id = instance_id
        self._docker_host = docker_host
        self._network = f"greenroom-{instance_id}"
        cores = os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(2 * cores + 8, "docker")
        self._kernel = ThreadPoolExecutor(4, "counters")
        self._starts = asyncio.Semaphore(2 * cores)
        self._oom_killed: set[str] = set()
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._api: docker.APIClient | None = None
        self._engine: Engine | None = None
        self._watch: asyncio.Task[None] | None = None

    async def open(self) -> Engine:
        self._api = await self.call(self._connect)
        info = await self.call(self.api.info)
        gateway = await self._open_network()
        native = info["KernelVersion"] == platform.release() and "Docker Desktop" not in info["OperatingSystem"]
        local = native and is_own_address(gateway)
        disk, note = await self._probe_disk(info["Driver"])
        self._engine = Engine(
            version=info["ServerVersion"],
            api_version=self.api.api_version,
            cgroup_version=info.get("CgroupVersion", "1"),
            storage_driver=info["Driver"],
            operating_system=info["OperatingSystem"],
            disk=disk,
            disk_note=note,
            quota_counts_image=info["Driver"] == "btrfs",
            reads_cgroups=local and cgroups.visible(),
            network=self._network,
            gateway=gateway if local else None,
            reaches_containers=local,
            memory_bytes=info["MemTotal"],
            cpus=info["NCPU"],
        )
        self._watch = asyncio.create_task(self._watch_events(), name="docker events")
        return self._engine

    async def restarted_since(self, moment: int) -> EngineStart | None:
        with tolerating(404):  # an engine can do without its default bridge
            return await self.call(self._last_start, moment)
        return None

    async def create(self, spec: ContainerSpec) -> Container:
        making = asyncio.ensure_future(self._create(spec))
        try:
            return await asyncio.shield(making)
        except asyncio.CancelledError:
            # The engine makes the container all the same; without this nobody would know of it.
            with suppress(StartFailed, EngineUnavailable):
                await (await making).remove()
            raise

    async def list(self) -> list[Container]:
        found = await self.call(
            self.api.containers, all=True, filters={"label": f"{INSTANCE_LABEL}={self._instance_id}"}
        )
        return [DockerContainer(self, item["Id"], item["Labels"]) for item in found]

    async def build(self, spec: BuildSpec, log: BuildLines) -> Image:
        build_log: BuildLog | BuildKitLog = BuildKitLog() if spec.buildkit else BuildLog()
        if spec.buildkit:
            await self._prepare_buildkit(spec, log)
        await self._follow_build(partial(self._open_build, spec, build_log), f"build {spec.tag}", log)
        if build_log.error is not None:
            raise build_failed(build_log.error)
        image = await self.image(build_log.image_id or spec.tag)
        if image is None:
            raise BuildFailed("The build ended without an image.")
        return image

    async def image(self, name: str) -> Image | None:
        try:
            found = await self.call(self.api.inspect_image, name)
        except docker.errors.NotFound:
            return None
        return _image(found)

    async def images(self) -> Sequence[Image]:
        own = {"label": f"{INSTANCE_LABEL}={self._instance_id}"}
        ids = [item["Id"] for item in await self.call(self.api.images, filters=own)]
        return [image for id in ids if (image := await self.image(id)) is not None]

    async def name_image(self, image: Image, name: str) -> None:
        repository, _, tag = name.rpartition(":")
        with tolerating():
            await self.call(self.api.tag, image.id, repository, tag)

    async def remove_image(self, name: str) -> None:
        with tolerating(404, 409):
            await self.call(self.api.remove_image, name)

    async def close(self) -> None:
        if self._watch:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        if self._engine:
            await self._remove_network()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._kernel.shutdown(wait=False, cancel_futures=True)
        if self._api:
            self._api.close()

    # What a DockerContainer needs of its engine.

    @property
    def api(self) -> docker.APIClient:
        if self._api is None:
            raise EngineUnavailable("The engine has not been opened.")
        return self._api

    @property
    def engine(self) -> Engine:
        if self._engine is None:
            raise EngineUnavailable("The engine has not been opened.")
        return self._engine

    async def call(self, ask: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask the engine in the pool; its refusals come as docker's APIError, its silence as EngineUnavailable."""
        loop = asyncio.get_running_loop()
        with answering():
            return await loop.run_in_executor(self._pool, partial(ask, *args, **kwargs))

    async def start(self, container_id: str) -> None:
        async with self._starts:
            await self.call(self.api.start, container_id)

    async def measure(self, ask: Callable[[], T]) -> T:
        """Read the kernel's files and trees: never behind a slow engine."""
        return await asyncio.get_running_loop().run_in_executor(self._kernel, ask)

    def get(self, path: str, **params: str | int) -> Any:
        response = self._request(path, params, stream=False)
        return response.json()

    def stream(self, path: str, **params: str | int) -> requests.Response:
        with answering():
            return self._request(path, params, stream=True)

    def was_oom_killed(self, container_id: str) -> bool:
        """Whether an event told of it; inspect forgets those of which the engine learned after the exit."""
        return container_id in self._oom_killed

    @contextmanager
    def woken(self, container_id: str) -> Iterator[asyncio.Event]:
        """An event of the caller's own, set whenever the container may have ended."""
        event = asyncio.Event()
        self._waiting[container_id].add(event)
        try:
            yield event
        finally:
            self._waiting[container_id].discard(event)
            if not self._waiting[container_id]:
                del self._waiting[container_id]

    # Opening.

    def _connect(self) -> docker.APIClient:
        try:
            return docker.APIClient(**self._address(), timeout=CALL_TIMEOUT_SECS, max_pool_size=32)
        except docker.errors.DockerException as error:
            tried = self._address().get("base_url", "the default socket")
            raise EngineUnavailable(
                f"No Docker engine answers at {tried}: {error}. Is it running, and may this user reach it"
                " (`docker info`)? Another engine can be named by DOCKER_HOST."
            ) from error

    def _address(self) -> dict[str, Any]:
        if self._docker_host:
            return dict(docker.utils.kwargs_from_env({**os.environ, "DOCKER_HOST": self._docker_host}))
        if os.environ.get("DOCKER_HOST"):
            return dict(docker.utils.kwargs_from_env())
        return dict(ContextAPI.kwargs_from_context())

    async def _open_network(self) -> str:
        """Make the instance's bridge, or take the one a crash left; return its gateway's address."""
        left = await self._inspect_network()
        if left and not self._fits(left):
            with tolerating(404):
                await self.call(self.api.remove_network, self._network)
            left = None
        network = left or await self._make_network()
        return str(network["IPAM"]["Config"][0]["Gateway"])

    async def _remove_network(self) -> None:
        try:
            with tolerating(403, 404):  # 403: live runs stay for the next start
                await self.call(self.api.remove_network, self._network)
        except EngineUnavailable as error:
            log.warning("The network %s stays for the next start: %s", self._network, error)

    async def _inspect_network(self) -> dict[str, Any] | None:
        try:
            return dict(await self.call(self.api.inspect_network, self._network))
        except docker.errors.NotFound:
            return None

    async def _make_network(self) -> dict[str, Any]:
        try:
            await self.call(
                self.api.create_network,
                self._network,
                driver="bridge",
                options=NETWORK_OPTIONS,
                labels={INSTANCE_LABEL: self._instance_id},
                check_duplicate=True,
            )
        except docker.errors.APIError as error:
            raise EngineUnavailable(
                f"The engine did not make the network '{self._network}': {explained(error)}."
                " Unused networks are removed by `docker network prune`."
            ) from error
        return dict(await self.call(self.api.inspect_network, self._network))

    def _fits(self, network: Mapping[str, Any]) -> bool:
        return (
            network["Driver"] == "bridge"
            and network["Options"] == NETWORK_OPTIONS
            and network["Labels"].get(INSTANCE_LABEL) == self._instance_id
            and any(config.get("Gateway") for config in network["IPAM"]["Config"])
        )

    async def _probe_disk(self, driver: str) -> tuple[DiskEnforcement, str]:
        """Whether the engine has storage quotas is known only by making a container with one."""
        try:
            await self.call(self._make_with_quota)
        except docker.errors.APIError as error:
            return DiskEnforcement.POLLED, f"{driver} without quotas: {explained(error)}"
        problem = quota_problem() if driver == "btrfs" else None
        if problem is not None:
            return DiskEnforcement.POLLED, problem
        return DiskEnforcement.HARD, f"storage quotas of {driver}"

    def _make_with_quota(self) -> None:
        label = {INSTANCE_LABEL: self._instance_id}
        image = self._import_empty_image()
        try:
            quota = self.api.create_host_config(storage_opt={"size": str(PROBE_DISK_BYTES)})
            probe = self.api.create_container(image, ["probe"], labels=label, host_config=quota)
            self.api.remove_container(probe["Id"], force=True)
        finally:
            self.api.remove_image(image, force=True)

    def _import_empty_image(self) -> str:
        archive = BytesIO()
        TarFile(fileobj=archive, mode="w").close()
        answer = self.api.import_image_from_data(
            archive.getvalue(), changes=[f'LABEL {INSTANCE_LABEL}="{self._instance_id}"']
        )
        return str(json.loads(answer)["status"])

    def _last_start(self, moment: int) -> EngineStart | None:
        # By a connection of its own: an engine that stops takes no new ones, and still answers on those that it has.
        with docker.APIClient(**self._address(), version=self.api.api_version, timeout=CALL_TIMEOUT_SECS) as api:
            at = millis(api.inspect_network(DEFAULT_BRIDGE)["Created"])
            if at is None or at < moment:
                return None
            return EngineStart(at=at, live_restore=api.info()["LiveRestoreEnabled"])

    # Containers and builds.

    async def _create(self, spec: ContainerSpec) -> Container:
        labels = {**spec.labels, INSTANCE_LABEL: self._instance_id}
        with tolerating(404):
            await self.call(self.api.remove_container, spec.name, v=True, force=True)
        try:
            made = await self.call(
                self.api.create_container,
                spec.image,
                name=spec.name,
                labels=labels,
                environment=dict(spec.environment),
                ports=None if self.engine.reaches_containers else [spec.web_server_port],
                host_config=await self._host_config(spec),
            )
        except docker.errors.ImageNotFound as error:
            raise ImageMissing(explained(error)) from error
        except docker.errors.APIError as error:
            raise StartFailed(explained(error)) from error
        return DockerContainer(self, made["Id"], labels)

    async def _host_config(self, spec: ContainerSpec) -> dict[str, Any]:
        published: dict[int | str, Any] = {spec.web_server_port: (LOOPBACK, None)}
        return dict(
            self.api.create_host_config(
                network_mode=self._network,
                mem_limit=spec.memory_bytes,
                memswap_limit=spec.memory_bytes,
                cpu_period=CPU_PERIOD,
                cpu_quota=cpu_quota(spec.cpus),
                pids_limit=spec.pids,
                shm_size=spec.shm_bytes,
                init=True,
                security_opt=["no-new-privileges"],
                cap_drop=DROPPED_CAPABILITIES,
                log_config=LogConfig(type=LogConfig.types.JSON, config=LOG_OPTIONS),
                extra_hosts=dict(spec.hosts),
                port_bindings=None if self.engine.reaches_containers else published,
                **await self._disk_limit(spec),
            )
        )

    async def _disk_limit(self, spec: ContainerSpec) -> dict[str, Any]:
        if self.engine.disk is not DiskEnforcement.HARD:
            return {"ulimits": [Ulimit(name="fsize", soft=spec.disk_bytes, hard=spec.disk_bytes)]}
        size = spec.disk_bytes
        if self.engine.quota_counts_image:
            image = await self.image(spec.image)
            if image is None:
                raise ImageMissing(f"No such image: {spec.image}")
            size += round(image.size_bytes * BLOCKS_PER_BYTE)
        return {"storage_opt": {"size": str(size)}}

    async def _prepare_buildkit(self, spec: BuildSpec, log: BuildLines) -> None:
        """BuildKit pulls images through a session with its client, which is none of this API: pull them before."""
        if tuple(map(int, self.engine.api_version.split("."))) < BUILDKIT_API:
            raise BuildFailed(
                "This Dockerfile needs BuildKit, as for RUN --mount, which this engine does not offer:"
                f" its API is {self.engine.api_version}, and {'.'.join(map(str, BUILDKIT_API))} is needed."
            )
        for name in spec.images:
            if await self.image(name) is None:
                pull_log = BuildLog()
                await self._follow_build(partial(self._open_pull, name, spec.platform, pull_log), f"pull {name}", log)
                if pull_log.error is not None:
                    raise build_failed(pull_log.error)

    async def _follow_build(self, opening: Callable[[], BuildStream], name: str, log: BuildLines) -> None:
        async with aclosing(following(opening, name, weigh=_weight)) as batches:
            async for batch in batches:
                log([*chain.from_iterable(batch)])

    def _open_pull(self, name: str, platform: str | None, pull_log: BuildLog) -> BuildStream:
        return self._open_shown(lambda api: api.pull(name, stream=True, platform=platform), pull_log)

    def _open_build(self, spec: BuildSpec, build_log: BuildLog | BuildKitLog) -> BuildStream:
        def build(api: docker.APIClient) -> None:
            if spec.buildkit:
                api.params = {"version": "2"}
            api.build(
                path=str(spec.context),
                dockerfile=str(spec.dockerfile),
                tag=spec.tag,
                labels={**spec.labels, INSTANCE_LABEL: self._instance_id},
                buildargs=dict(spec.build_args),
                nocache=not spec.use_cache,
                rm=True,
                forcerm=True,
                container_limits={"memory": spec.memory_bytes, "memswap": spec.memory_bytes},
                platform=spec.platform,
                gzip=spec.buildkit,  # which takes a plain archive that begins with an extended header for a Dockerfile
            )

        return self._open_shown(build, build_log)

    def _open_shown(self, ask: Callable[[docker.APIClient], object], build_log: BuildLog | BuildKitLog) -> BuildStream:
        # docker-py hides the response of a build; a client of its own shows it, so that closing it cancels the build.
        responses: list[requests.Response] = []
        with answering(), self._connect() as api:
            api.hooks["response"] = [lambda response, **_: responses.append(response)]
            try:
                with suppress(docker.errors.APIError):  # the response tells it too
                    ask(api)
            except (docker.errors.DockerException, TypeError, OSError) as error:
                if isinstance(error, requests.RequestException):
                    raise
                raise BuildFailed(str(error)) from error
        response = responses[-1]
        if not response.ok:
            raise build_failed(response.json()["message"])
        return BuildStream(response, build_log)

    # Waking those who wait.

    async def _watch_events(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            with suppress(EngineUnavailable, docker.errors.APIError):  # those who wait learn it from inspect
                async with aclosing(following(partial(self._open_events, loop), "docker events")) as batches:
                    async for events in batches:
                        for event in events:
                            self._note(event["Action"], event["Actor"]["ID"])
            await asyncio.sleep(RECONNECT_SECS)

    def _open_events(self, loop: asyncio.AbstractEventLoop) -> JsonStream:
        filters = {
            "type": ["container"],
            "event": ["oom", "die", "destroy"],
            "label": [f"{INSTANCE_LABEL}={self._instance_id}"],
        }
        events = JsonStream(self.stream("/events", filters=json.dumps(filters)))
        loop.call_soon_threadsafe(self._wake_all)  # for what happened while nobody listened
        return events

    def _note(self, action: str, container_id: str) -> None:
        if action == "oom":
            self._oom_killed.add(container_id)
        elif action == "destroy":
            self._oom_killed.discard(container_id)
        self._wake(container_id)

    def _wake(self, container_id: str) -> None:
        for event in self._waiting.get(container_id, ()):
            event.set()

    def _wake_all(self) -> None:
        for container_id in self._waiting:
            self._wake(container_id)

    def _request(self, path: str, params: Mapping[str, str | int], *, stream: bool) -> requests.Response:
        url = f"{self.api.base_url}/v{self.api.api_version}{path}"
        read_timeout = None if stream else CALL_TIMEOUT_SECS
        response = self.api.get(url, params=params, stream=stream, timeout=(CALL_TIMEOUT_SECS, read_timeout))
        try:
            response.raise_for_status()
        except requests.HTTPError as error:
            raise docker.errors.create_api_error_from_http_exception(error) from error
        return response


class DockerContainer:
    def __init__(self, engine: DockerContainers, container_id: str, labels: Mapping[str, str]) -> None:
        self._door = engine
        self._id = container_id
        self._labels = labels
        self._killed = False
        self._address: str | None = None
        self._written: tuple[Path, ...] | None = None

    @property
    def id(self) -> str:
        return self._id

    @property
    def labels(self) -> Mapping[str, str]:
        return self._labels

    async def start(self) -> None:
        try:
            await self._door.start(self._id)
        except docker.errors.APIError as error:
            raise StartFailed(explained(error)) from error

    async def inspect(self) -> ContainerState | None:
        if not (found := await self._inspect()):
            return None
        state = container_state(found["State"])
        if not state.running:
            self._address = None  # the engine may give it to another
        return replace(state, oom_killed=state.oom_killed or self._door.was_oom_killed(self._id))

    async def wait(self) -> ContainerState | None:
        with self._door.woken(self._id) as wake:
            while True:
                wake.clear()
                try:
                    state = await self.inspect()
                except EngineUnavailable:  # being restarted; what became of the container is known afterwards
                    await asyncio.sleep(RECONNECT_SECS)
                    continue
                if state is None or not state.running:
                    break
                with suppress(TimeoutError):
                    await asyncio.wait_for(wake.wait(), RECHECK_SECS)

        if state and state.exit_code == SIGKILLED and not state.oom_killed and not self._killed:
            await asyncio.sleep(OOM_NEWS_SECS)
            with suppress(EngineUnavailable):
                return await self.inspect()
        return state

    async def kill(self, signal: str = "SIGKILL") -> None:
        self._killed = self._killed or signal == "SIGKILL"
        with tolerating(404, 409):
            await self._door.call(self._door.api.kill, self._id, signal)

    async def stop(self, grace_secs: int) -> None:
        # Not the engine's own stop: it would keep a thread of the pool for the whole grace.
        await self.kill("SIGTERM")
        try:
            await asyncio.wait_for(self.wait(), grace_secs)
        except TimeoutError:
            await self.kill()
            await self.wait()

    async def set_cpus(self, cpus: float) -> None:
        with tolerating(404, 409):
            await self._door.call(
                self._door.api.update_container, self._id, cpu_period=CPU_PERIOD, cpu_quota=cpu_quota(cpus)
            )

    async def web_server_address(self, port: int) -> tuple[str, int] | None:
        if self._address is not None:
            return self._address, port
        found = await self._inspect()
        if not found or not found["State"]["Running"]:
            return None
        settings = found["NetworkSettings"]
        if self._door.engine.reaches_containers:
            self._address = settings["Networks"][self._door.engine.network]["IPAddress"]
            return self._address, port
        published = settings["Ports"].get(f"{port}/tcp")
        return (LOOPBACK, int(published[0]["HostPort"])) if published else None

    async def logs(self) -> AsyncIterator[list[LogLine]]:
        delivered, since, ended = Delivered(), 0, not await self._runs()
        while True:
            frames = LogFrames()
            try:
                async with aclosing(self._log_batches(frames, since, follow=not ended)) as batches:
                    async for lines in batches:
                        if fresh := delivered.fresh(lines):
                            yield fresh
                if ended:
                    break
            except docker.errors.NotFound:
                break
            except (EngineUnavailable, docker.errors.APIError):
                await asyncio.sleep(RECONNECT_SECS)
            # A busy engine ends a followed log too early now and then: complete is what is read after the end.
            ended = await self._ends_soon()
            since = delivered.again(frames.open_stamps())
        if torn := delivered.fresh(frames.end()):
            yield torn

    async def samples(self) -> AsyncIterator[Sample]:
        cgroup = await self._cgroup()
        async with aclosing(self._counted(cgroup) if cgroup else self._streamed()) as samples:
            async for sample in samples:
                yield sample

    async def disk_bytes(self) -> int | None:
        if self._written is None:
            self._written = await self._writable_folders()
        if not self._written:
            return await self._writable_size()
        with suppress(FileNotFoundError):  # removed meanwhile
            return await self._door.measure(partial(used_bytes, self._written))
        return None

    async def remove(self) -> None:
        with tolerating(404, 409):
            await self._door.call(self._door.api.remove_container, self._id, v=True, force=True)

    async def _inspect(self) -> dict[str, Any] | None:
        with tolerating(404):
            return dict(await self._door.call(self._door.api.inspect_container, self._id))
        return None

    async def _writable_folders(self) -> tuple[Path, ...]:
        """Where this host sees what the container writes; nothing where it cannot."""
        found = await self._inspect() or {}
        layer = ((found.get("GraphDriver") or {}).get("Data") or {}).get("UpperDir")
        if not layer or not os.access(layer, os.R_OK | os.X_OK):
            return ()
        return Path(layer), *(Path(mount["Source"]) for mount in found["Mounts"] if mount["Type"] == "volume")

    async def _writable_size(self) -> int | None:
        with tolerating(404):
            found = await self._door.call(self._door.get, f"/containers/{self._id}/json", size=1)
            return int(found.get("SizeRw") or 0)
        return None

    def _log_batches(self, frames: LogFrames, since: int, *, follow: bool) -> AsyncGenerator[list[LogLine], None]:
        params = {"since": since, "follow": int(follow), "stdout": 1, "stderr": 1, "timestamps": 1}

        def open_log() -> LogStream:
            return LogStream(self._door.stream(f"/containers/{self._id}/logs", **params), frames)

        return following(open_log, f"log {self._id[:12]}", weigh=lambda line: 128 + len(line.text))

    async def _ends_soon(self) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.wait(), LOG_END_SECS)
            return True
        return False

    async def _cgroup(self) -> cgroups.Cgroup | None:
        if not self._door.engine.reads_cgroups or not (found := await self._inspect()):
            return None
        return await self._door.measure(partial(cgroups.find, found["State"]["Pid"], self._id))

    async def _counted(self, cgroup: cgroups.Cgroup) -> AsyncGenerator[Sample, None]:
        pauses = chain(FIRST_PAUSES_SECS, repeat(SAMPLE_SECS))
        while True:
            try:
                sample = await self._door.measure(cgroup.sample)
            except OSError:  # the kernel removes a cgroup with its last process
                return
            yield sample
            await asyncio.sleep(next(pauses))

    async def _streamed(self) -> AsyncGenerator[Sample, None]:
        while await self._runs():
            with suppress(EngineUnavailable, docker.errors.APIError):
                async with aclosing(following(self._open_stats, f"stats {self._id[:12]}")) as batches:
                    async for batch in batches:
                        if batch[-1]["read"] == NEVER:  # of a container that has ended the engine tells this for ever
                            break
                        yield stats_sample(batch[-1])
            await asyncio.sleep(RECONNECT_SECS)

    async def _runs(self) -> bool:
        try:
            state = await self.inspect()
        except EngineUnavailable:
            return True
        return state is not None and state.running

    def _open_stats(self) -> JsonStream:
        return JsonStream(self._door.stream(f"/containers/{self._id}/stats", stream=1))


def cpu_quota(cpus: float) -> int:
    """Not nano_cpus: the engine refuses more of those than the host has cores."""
    return max(CPU_QUOTA_MIN, round(cpus * CPU_PERIOD))


def is_own_address(address: str) -> bool:
    """Whether this host has the address: only then the engine's bridge is here and not in a virtual machine."""
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


@contextmanager
def answering() -> Iterator[None]:
    """Tell an engine that does not answer from one that refuses."""
    try:
        yield
    except docker.errors.APIError:
        raise
    except (requests.RequestException, urllib3.exceptions.HTTPError, docker.errors.DockerException, OSError) as error:
        raise EngineUnavailable(f"The Docker engine does not answer: {error}") from error


@contextmanager
def tolerating(*statuses: int) -> Iterator[None]:
    """Take these refusals as done already; any other is the engine's trouble."""
    try:
        yield
    except docker.errors.APIError as error:
        if error.status_code not in statuses:
            raise EngineUnavailable(f"The Docker engine refused: {explained(error)}") from error


def explained(error: docker.errors.APIError) -> str:
    return cleaned(str(error.explanation or error))


def _weight(lines: list[str]) -> int:
    return sum(128 + len(line) for line in lines)


def _image(found: Mapping[str, Any]) -> Image:
    config = found.get("Config") or {}
    return Image(
        id=found["Id"],
        size_bytes=found["Size"],
        labels=config.get("Labels") or {},
        environment=dict(item.partition("=")[::2] for item in config.get("Env") or []),
    )


def build_failed(message: str) -> BuildFailed:
    """The failure that the engine's last word tells of."""
    if WRONG_ARCHITECTURE.search(message):
        return WrongArchitecture(message)
    if "frontend dockerfile" in message and "parse error" in message:
        return BuildFailed(f"{message} (An older engine knows it by a first line `# syntax=docker/dockerfile:1`.)")
    if "BuildKit" in message:
        return BuildFailed(f"{message.strip()} The engine's classic builder, which was asked, has no such option.")
    return BuildFailed(message)
