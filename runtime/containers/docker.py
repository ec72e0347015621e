"""Implements the interface of this package with Docker, by combining the other modules."""

from __future__ import annotations

import asyncio
import os
import platform
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import docker
import docker.errors
from docker.types import LogConfig, Ulimit
from docker.types import Mount as EngineMount

from runtime.base.clock import Clock, SystemClock
from runtime.containers import (
    INSTANCE_LABEL,
    BuildFailed,
    BuildLines,
    BuildSpec,
    Container,
    ContainerProcess,
    ContainerSpec,
    DiskEnforcement,
    Engine,
    EngineStart,
    EngineUnavailable,
    Image,
    ImageMissing,
    StartFailed,
    cgroups,
)
from runtime.containers.connection import EngineConnection, error_message, ignoring_statuses
from runtime.containers.container import CPU_PERIOD, LOOPBACK, DockerContainer, Recreate, cpu_quota
from runtime.containers.counters import CounterThread
from runtime.containers.disk_usage import quota_fault
from runtime.containers.events import ContainerEvents
from runtime.containers.image_builder import ImageBuilder
from runtime.containers.network import InstanceNetwork
from runtime.containers.network_sandboxes import JOINED_LABEL, SANDBOX_LABEL, NetworkSandboxes
from runtime.containers.program_images import import_image
from runtime.containers.response_fields import container_processes, modified_at, parse_time

DROPPED_CAPABILITIES = ["AUDIT_WRITE", "MKNOD", "NET_RAW", "SETFCAP"]
# No rotation: it loses lines while a log is followed. The size, far above the limit of a log, only protects the disk.
LOG_OPTIONS = {"max-size": "1g", "max-file": "1", "compress": "false", "mode": "blocking"}
DEFAULT_BRIDGE = "bridge"  # the engine recreates it at each start, except with live-restore
# Quotas count whole blocks, the engine counts bytes: 6 % more for a Python image, 8 % for a Node.js image.
BLOCKS_PER_BYTE = 1.07
UNCOUNTED = "removed files that are still open do not count"
PROBE_DISK_BYTES = 256 * 1024 * 1024
CONFLICT = 409
NAME_ATTEMPTS = 120
NAME_PAUSE_SECS = 0.25


class _NameTaken(StartFailed):
    """Another container has the name."""


class DockerContainers:
    """Uses the engine at `docker_host`, else at $DOCKER_HOST, else in the docker command's current context.

    Where this is possible, up to `prepared_networks` networks are prepared for the next containers.
    """

    def __init__(
        self,
        instance_id: str,
        *,
        docker_host: str | None = None,
        prepared_networks: int = 0,
        clock: Clock | None = None,
    ) -> None:
        self._instance_id = instance_id
        self.connection = EngineConnection(docker_host)
        self._events = ContainerEvents(self.connection, instance_id)
        self._counters = CounterThread()
        self._network = InstanceNetwork(self.connection, instance_id)
        self._sandboxes = NetworkSandboxes(
            self.connection, instance_id, self._wait_for_end, clock or SystemClock(), prepared_networks
        )
        self._builder = ImageBuilder(self.connection, self.image)
        self._engine: Engine | None = None

    @property
    def engine(self) -> Engine:
        if self._engine is None:
            raise EngineUnavailable("The connection to the Docker engine is not open.")
        return self._engine

    @property
    def is_reachable(self) -> bool:
        return self._events.is_connected

    async def open(self) -> Engine:
        await self.connection.open()
        info = await self.connection.call(self.connection.api.info)
        gateway = await self._network.open()
        native = info["KernelVersion"] == platform.release() and "Docker Desktop" not in info["OperatingSystem"]
        local = native and is_own_address(gateway)
        reads_cgroups = local and cgroups.are_visible()
        disk, note = await self._probe_disk(info["Driver"])
        if disk is DiskEnforcement.POLLED and not (reads_cgroups and can_read(info["DockerRootDir"])):
            note += f"; {UNCOUNTED}"
        self._engine = Engine(
            version=info["ServerVersion"],
            api_version=self.connection.api.api_version,
            cgroup_version=info.get("CgroupVersion", "1"),
            storage_driver=info["Driver"],
            operating_system=info["OperatingSystem"],
            disk=disk,
            disk_note=note,
            quota_counts_image=info["Driver"] == "btrfs",
            reads_cgroups=reads_cgroups,
            network=self._network.name,
            gateway=gateway if local else None,
            reaches_containers=local,
            memory_bytes=info["MemTotal"],
            cpus=info["NCPU"],
        )
        self._events.open()
        self._sandboxes.open(self._engine, info["Architecture"])
        return self._engine

    async def restarted_since(self, moment: int) -> EngineStart | None:
        with ignoring_statuses(404):  # an engine can be configured without a default bridge
            return await self.connection.call(self._last_start, moment)
        return None

    async def create(self, spec: ContainerSpec) -> Container:
        creation = asyncio.ensure_future(self._create(spec))
        try:
            return await asyncio.shield(creation)
        except asyncio.CancelledError:
            # The engine creates the container anyway, and nothing else would remove it.
            with suppress(StartFailed, EngineUnavailable):
                await (await creation).remove()
            raise

    async def list(self) -> list[Container]:
        found = await self.connection.call(
            self.connection.api.containers, all=True, filters={"label": f"{INSTANCE_LABEL}={self._instance_id}"}
        )
        return [self._container(item["Id"], item["Labels"]) for item in found if SANDBOX_LABEL not in item["Labels"]]

    async def build(self, spec: BuildSpec, log: BuildLines) -> Image:
        image = await self.image(await self._builder.build(spec, log))
        if image is None:
            raise BuildFailed("The build finished without an image.")
        return image

    async def image(self, name: str) -> Image | None:
        try:
            found = await self.connection.call(self.connection.api.inspect_image, name)
        except docker.errors.APIError as error:
            if error.status_code in (400, 404):  # not a valid image name, or no image has it
                return None
            raise
        return _image(found)

    async def modified_at(self, container_id: str, path: str) -> int | None:
        with ignoring_statuses():
            return await self.connection.call(self._modified_at, container_id, path)

    async def processes(self, container_id: str) -> Sequence[ContainerProcess]:
        with ignoring_statuses(404, 409, 500):  # the container has just ended
            return container_processes(await self.connection.call(self.connection.api.top, container_id))
        return ()

    async def image_contains(self, image: Image, path: str) -> bool:
        return await self.connection.call(self._image_contains, image.id, path)

    async def image_names(self, repository: str) -> Sequence[str]:
        found = await self.connection.call(self.connection.api.images, name=repository)
        names = (name for image in found for name in image["RepoTags"] or ())
        return [name for name in names if name.startswith(f"{repository}:")]

    async def name_image(self, image: Image, name: str) -> None:
        repository, _, tag = name.rpartition(":")
        with ignoring_statuses():
            await self.connection.call(self.connection.api.tag, image.id, repository, tag)

    async def remove_image(self, name: str) -> None:
        with ignoring_statuses(404, 409):
            await self.connection.call(self.connection.api.remove_image, name)

    async def close(self) -> None:
        await self._sandboxes.close()
        await self._events.close()
        self._counters.close()
        if self._engine:
            await self._network.remove()
        self.connection.close()

    async def _probe_disk(self, driver: str) -> tuple[DiskEnforcement, str]:
        """Find out whether the engine has storage quotas, by creating a container with one."""
        try:
            await self.connection.call(self._create_with_quota)
        except docker.errors.APIError as error:
            return DiskEnforcement.POLLED, f"{driver} without quotas: {error_message(error)}"
        fault = quota_fault() if driver == "btrfs" else None
        if fault is not None:
            return DiskEnforcement.POLLED, fault
        return DiskEnforcement.HARD, f"storage quotas of {driver}"

    def _create_with_quota(self) -> None:
        label = {INSTANCE_LABEL: self._instance_id}
        image = import_image(self.connection.api, None, label)
        try:
            quota = self.connection.api.create_host_config(storage_opt={"size": str(PROBE_DISK_BYTES)})
            probe = self.connection.api.create_container(image, ["probe"], labels=label, host_config=quota)
            self.connection.api.remove_container(probe["Id"], force=True)
        finally:
            self.connection.api.remove_image(image, force=True)

    def _image_contains(self, image: str, path: str) -> bool:
        # The engine shows the files of containers only, so this creates one and never starts it.
        probe = self.connection.api.create_container(image, ["probe"], labels={INSTANCE_LABEL: self._instance_id})
        try:
            return self._modified_at(probe["Id"], path) is not None
        finally:
            self.connection.api.remove_container(probe["Id"], v=True, force=True)

    def _modified_at(self, container_id: str, path: str) -> int | None:
        try:
            return modified_at(self.connection.head(f"/containers/{container_id}/archive", path=path))
        except docker.errors.NotFound:
            return None

    def _last_start(self, moment: int) -> EngineStart | None:
        # A new connection, because an engine that is stopping still responds on existing ones, but accepts no new ones.
        with self.connection.new_client() as api:
            at = parse_time(api.inspect_network(DEFAULT_BRIDGE)["Created"])
            if at is None or at < moment:
                return None
            return EngineStart(at=at, live_restore=api.info()["LiveRestoreEnabled"])

    async def _create(self, spec: ContainerSpec) -> Container:
        """Create the container in a sandbox if one is prepared, else with its own network."""
        with self._sandboxes.during_start():
            sandbox = self._sandboxes.take(spec)
            if sandbox is not None:
                try:
                    return await self._create_under_name(spec, sandbox)
                except (StartFailed, EngineUnavailable) as problem:
                    self._sandboxes.discard(sandbox)
                    if isinstance(problem, ImageMissing | EngineUnavailable):
                        raise
            return await self._create_under_name(spec, None)

    async def _create_under_name(self, spec: ContainerSpec, sandbox: str | None) -> DockerContainer:
        """Create the container when its name is free.

        If a server crashes while the engine creates a container, the engine continues. Until it has finished, it
        neither finds the container nor gives its name to another one.
        """
        for _ in range(NAME_ATTEMPTS - 1):
            try:
                return await self._create_once(spec, sandbox)
            except _NameTaken:
                if not await self._remove_by_name(spec.name):
                    await asyncio.sleep(NAME_PAUSE_SECS)
        return await self._create_once(spec, sandbox)

    async def _remove_by_name(self, name: str) -> bool:
        """Remove a container that has the name. Return False if it does not exist yet, or is being removed."""
        try:
            await self.connection.call(self.connection.api.remove_container, name, v=True, force=True)
        except docker.errors.APIError as error:
            if error.status_code in (404, CONFLICT):
                return False
            raise EngineUnavailable(f"The engine could not remove {name}: {error_message(error)}") from error
        return True

    async def _create_once(self, spec: ContainerSpec, sandbox: str | None) -> DockerContainer:
        joined = {} if sandbox is None else {JOINED_LABEL: sandbox}
        labels = {**spec.labels, **joined, INSTANCE_LABEL: self._instance_id}
        try:
            created = await self.connection.call(
                self.connection.api.create_container,
                spec.image,
                name=spec.name,
                labels=labels,
                environment=dict(spec.environment),
                entrypoint=[*spec.start] if spec.start is not None else None,
                ports=[*self._published_ports(spec)] or None,
                host_config=await self._host_config(spec, sandbox),
            )
        except docker.errors.ImageNotFound as error:
            raise ImageMissing(error_message(error)) from error
        except docker.errors.APIError as error:
            failure = _NameTaken if error.status_code == CONFLICT else StartFailed
            raise failure(error_message(error)) from error
        return self._container(created["Id"], labels, partial(self._create_under_name, spec, None))

    def _container(self, id: str, labels: Mapping[str, str], recreate: Recreate | None = None) -> DockerContainer:
        return DockerContainer(
            self.connection, self._events, self._counters, self.engine, id, labels, self._sandboxes, recreate
        )

    async def _wait_for_end(self, id: str) -> None:
        await self._container(id, {}).wait()

    async def _host_config(self, spec: ContainerSpec, sandbox: str | None) -> dict[str, Any]:
        # The engine chooses the ports of this machine.
        published: dict[int | str, Any] = {port: (LOOPBACK, None) for port in self._published_ports(spec)}
        return dict(
            self.connection.api.create_host_config(
                network_mode=self._network.name if sandbox is None else f"container:{sandbox}",
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
                extra_hosts=dict(spec.hosts) if sandbox is None else None,  # the sandbox has them
                port_bindings=published or None,
                mounts=[EngineMount(each.target, each.source, type="bind", read_only=True) for each in spec.mounts],
                **await self._disk_limit(spec),
            )
        )

    def _published_ports(self, spec: ContainerSpec) -> Sequence[int]:
        """Return the ports of the container that the engine has to publish."""
        return [] if self.engine.reaches_containers else [spec.web_server_port, *spec.other_ports]

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


def can_read(folder: str) -> bool:
    return os.access(folder, os.R_OK | os.X_OK)


def is_own_address(address: str) -> bool:
    """Return whether this host has the address. If not, the engine's bridge is in a virtual machine."""
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def _image(found: Mapping[str, Any]) -> Image:
    config = found.get("Config") or {}
    return Image(
        id=found["Id"],
        size_bytes=found["Size"],
        labels=config.get("Labels") or {},
        environment=dict(item.partition("=")[::2] for item in config.get("Env") or []),
        working_folder=config.get("WorkingDir") or "/",
        start=[*(config.get("Entrypoint") or []), *(config.get("Cmd") or [])],
    )
