"""The options of a run: requested options first, then its task's, then its Actor's defaults. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from runtime.base.records import Actor, EnvVar, PermissionLevel, RunOptions, TaskOptions, WebhookDraft
from runtime.jobs.resource_limits import disk_mbytes, memory_mbytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StartOptions:
    """Options that a caller requested. None means the default. Units as in the Run Actor endpoint.

    `dev_folder` True mounts the local folder of the build, False mounts none. By default, the Actor's one is mounted.
    With `debug_port`, the Actor waits for a debugger at this port of 127.0.0.1.
    """

    build: str | None = None
    timeout_secs: int | None = None
    memory_mbytes: float | None = None
    max_items: int | None = None
    max_total_charge_usd: float | None = None
    restart_on_error: bool | None = None
    permission_level: PermissionLevel | None = None
    env_vars: tuple[EnvVar, ...] = ()
    webhooks: tuple[WebhookDraft, ...] = ()
    dev_folder: bool | None = None
    debug_port: int | None = None


def granted_options(actor: Actor, default_memory: int, requested: StartOptions, *, strict_memory: bool) -> RunOptions:
    """The options of a new run: the requested ones, and the Actor's defaults for the rest. Raises Invalid.

    `default_memory` is used if no memory is requested.
    """
    defaults = actor.defaults
    by_default = RunOptions(
        build=defaults.build,
        timeout_secs=defaults.timeout_secs,
        memory_mbytes=default_memory,
        disk_mbytes=disk_mbytes(default_memory),
        requested_mbytes=default_memory,
        restart_on_error=defaults.restart_on_error,
        max_items=defaults.max_items,
    )
    return changed_options(by_default, requested, strict_memory=strict_memory)


def changed_options(current: RunOptions, requested: StartOptions, *, strict_memory: bool) -> RunOptions:
    """The options of a run: the requested ones, and its `current` ones for the rest. Raises Invalid."""
    requested_mbytes = current.memory_mbytes if requested.memory_mbytes is None else requested.memory_mbytes
    memory = memory_mbytes(requested_mbytes, strict=strict_memory)
    return RunOptions(
        build=requested.build or current.build,
        timeout_secs=current.timeout_secs if requested.timeout_secs is None else requested.timeout_secs,
        memory_mbytes=memory,
        disk_mbytes=disk_mbytes(memory),
        requested_mbytes=requested_mbytes,
        max_items=current.max_items if requested.max_items is None else requested.max_items,
        max_total_charge_usd=(
            current.max_total_charge_usd if requested.max_total_charge_usd is None else requested.max_total_charge_usd
        ),
        restart_on_error=current.restart_on_error if requested.restart_on_error is None else requested.restart_on_error,
    )


def with_task_options(options: TaskOptions, requested: StartOptions) -> StartOptions:
    """The requested options, and the task's own options for the rest."""
    own = {field.name: getattr(options, field.name) for field in fields(options)}
    return replace(requested, **{name: value for name, value in own.items() if getattr(requested, name) is None})
