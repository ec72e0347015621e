"""The options that `greenroom run` and `greenroom call` share, and what they specify."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.configuration.loading import load
from cli.options import not_empty, parsed, resolved
from cli.runs.input import read_input
from cli.runs.options import encode_env_vars, parse_env_vars
from runtime.base.configuration import Configuration
from runtime.base.json_text import JsonDict
from runtime.base.memory_sizes import parse_memory


class Permission(StrEnum):
    """The values of --permission, with those of the API."""

    FULL = "full"
    LIMITED = "limited"

    @property
    def level(self) -> str:
        return f"{self.name}_PERMISSIONS"


Memory = Annotated[
    str | None,
    typer.Option("--memory", "-m", metavar="SIZE", help="Set the memory of the run: megabytes, 512m or 4g."),
]
GivenInput = Annotated[
    str | None,
    typer.Option("--input", "-i", metavar="JSON|@FILE|-", help="Pass this input: JSON, a file, or - for stdin."),
]
Prefill = Annotated[
    bool,
    typer.Option("--prefill", help="Pass the prefilled values of the input schema. Fields of -i take precedence."),
]
Timeout = Annotated[
    int | None, typer.Option(min=0, metavar="SECS", help="Set the timeout of the run; 0 means no timeout.")
]
EnvVars = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=VALUE", help="Set an environment variable of this run. Can be repeated."),
]
PermissionOption = Annotated[
    Permission | None, typer.Option(metavar="full|limited", help="Set the permissions of the run.")
]
BuildOption = Annotated[
    str | None,
    typer.Option(
        metavar="TAG",
        callback=not_empty,
        help="Run the existing build with this tag or number, instead of a new one.",
    ),
]
ResultAsJson = Annotated[
    bool,
    typer.Option(
        "--json",
        help="Print the run, its OUTPUT and its first 10 items as one JSON object to stdout. If the command fails, the"
        " object has the field `error`.",
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class StartArguments:
    """How to start a run and to show it.

    `body` is the input's JSON. `build` is the tag or number of an existing build. `memory_mbytes`, `timeout_secs` and
    `permission_level` None mean the Actor's default. A server that is started for `run` gets the settings in
    `configuration`.
    """

    data_dir: Path
    body: bytes | None = None
    prefill: bool = False
    memory_mbytes: int | None = None
    timeout_secs: int | None = None
    permission_level: str | None = None
    env_vars: Mapping[str, str] = field(default_factory=dict)
    build: str | None = None
    as_json: bool = False
    configuration: Configuration | None = None

    @property
    def options(self) -> JsonDict:
        """The parameters of the Run Actor endpoint that do not depend on the build."""
        params = {
            "memory": self.memory_mbytes,
            "timeout": self.timeout_secs,
            "forcePermissionLevel": self.permission_level,
        }
        return {name: value for name, value in params.items() if value is not None}

    def params(self, build: str | None) -> JsonDict:
        """The parameters of the Run Actor endpoint for a build, or for the Actor's default one."""
        env_vars = {"greenroomEnvVars": encode_env_vars(self.env_vars)} if self.env_vars else {}
        return {**({"build": build} if build else {}), **self.options, **env_vars}


def start_arguments(
    *,
    data_dir: Path | None,
    given_input: str | None,
    prefill: bool,
    memory: str | None,
    timeout: int | None,
    env: list[str] | None,
    permission: Permission | None,
    build: str | None,
    as_json: bool,
    folder: Path | None = None,
    no_build: bool = False,
) -> StartArguments:
    """Parse the values of the options. Options that are not given get their values from variables.

    If `folder` is the folder of the Actor, they also get them from its configuration file. With `no_build`, only an
    option can name a build. Raises CommandError and usage errors.
    """
    options = {
        "run.memory": parsed("--memory", parse_memory, memory),
        "run.timeout": timeout,
        "run.input": given_input,
        "run.prefill": prefill or None,
        "run.env": parsed("--env", parse_env_vars, env),
        "run.build": build,
        "run.permission": permission and permission.value,
    }
    configuration = load(folder, options)
    level = configuration["run.permission"]
    env_vars = [f"{name}={value}" for name, value in (configuration["run.env"] or {}).items()]
    return StartArguments(
        data_dir=resolved(data_dir),
        body=read_input(configuration["run.input"], configuration.values["run.input"].origin),
        prefill=configuration["run.prefill"],
        memory_mbytes=configuration["run.memory"],
        timeout_secs=configuration["run.timeout"],
        permission_level=level and Permission(level).level,
        env_vars=parsed("--env", parse_env_vars, env_vars) or {},
        build=build if no_build else configuration["run.build"],
        as_json=as_json,
        configuration=configuration,
    )
