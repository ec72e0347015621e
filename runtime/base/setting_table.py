"""The table of all settings, from which the TOML keys, the variables, the checks and the documentation are derived.

`python -m scripts.settings_docs` writes the table in docs/configuration.md from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from runtime.base import setting_kinds as kinds
from runtime.base.setting_kinds import Kind
from runtime.base.settings import (
    DEFAULT_CPU_BURST_SECS,
    DEFAULT_PORT,
    DEFAULT_PREPARED_NETWORKS,
    DEFAULT_RETENTION_DAYS,
)

SERVER_COMMANDS = "`up`, and commands that start a server"
ANY_COMMAND = "all commands"
UP = "`up`"
RUN = "`run`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting: `name` in the TOML table `table`.

    `default` is its value, and `default_text` describes a default that depends on the machine or the Actor. `option` is
    the option of the command line that sets it. A setting without `has_variable` has no GREENROOM_* variable.

    `rejected` is the reason why a configuration file cannot set it: the file comes with the source of an Actor, and
    using that source must not change what else the server does or stores. `rejected_value` is one value with a reason.
    `mask` removes passwords and tokens from a value.
    """

    table: str
    name: str
    kind: Kind
    meaning: str
    commands: str
    default: Any = None
    default_text: str = ""
    option: str | None = None
    has_variable: bool = True
    rejected: str = ""
    rejected_value: tuple[str, str] | None = None
    mask: Callable[[Any], Any] | None = None

    @property
    def key(self) -> str:
        return f"{self.table}.{self.name}"

    @property
    def variable(self) -> str | None:
        """The environment variable. Those of the server have no prefix for their table."""
        if not self.has_variable:
            return None
        prefix = "" if self.table == "server" else f"{self.table.upper()}_"
        return f"GREENROOM_{prefix}{self.name.upper()}"

    @property
    def shown_default(self) -> str:
        """The default as documents and help texts show it, in Markdown."""
        shown = str(self.default).lower() if isinstance(self.default, bool) else text_of(self.default)
        return self.default_text or f"`{shown}`"


def text_of(value: Any) -> str:
    """Return the value as the text of its variable."""
    if isinstance(value, bool):
        return str(int(value))
    return f"{value:g}" if isinstance(value, float) else str(value)


OPTION_ONLY = "it decides who may use the server; pass the option"

SETTINGS: tuple[Setting, ...] = (
    Setting(
        table="server",
        name="data_dir",
        kind=kinds.TEXT,
        meaning="Data directory of the server and of all commands.",
        commands=ANY_COMMAND,
        default_text="`greenroom` in the user's data folder, for example `~/.local/share/greenroom` on Linux",
        option="--data-dir",
        rejected="all commands must find the same server, wherever they are called",
    ),
    Setting(
        table="server",
        name="port",
        kind=kinds.PORT,
        meaning="Port of the API. A server that is started for one call uses any free port instead.",
        commands="`up`, `doctor`",
        default=DEFAULT_PORT,
        option="--port",
    ),
    Setting(
        table="server",
        name="plan",
        kind=kinds.PLAN,
        meaning=(
            "Plan of the platform whose limits and prices apply; see [Limits](limits.md#plans-and-limits-of-a-user)."
        ),
        commands=SERVER_COMMANDS,
        default_text="the limits of this machine",
        option="--plan",
    ),
    Setting(
        table="server",
        name="prices",
        kind=kinds.PRICES,
        meaning=(
            "Prices of units that replace those of the plan, in US dollars, for example"
            " `ACTOR_COMPUTE_UNITS=0.25,DATASET_WRITES=0`; see [Costs](costs.md#plans)."
        ),
        commands=SERVER_COMMANDS,
        default_text="the prices of the plan",
    ),
    Setting(
        table="server",
        name="users",
        kind=kinds.TEXTS,
        meaning="The only valid tokens, each for its user; see [Users](#users).",
        commands=UP,
        default_text="one user, `local`, with any token",
        option="--user",
        has_variable=False,
        rejected=OPTION_ONLY,
        mask=kinds.masked_users,
    ),
    Setting(
        table="server",
        name="general_access",
        kind=kinds.TEXTS,
        meaning="Who can read storages and runs that follow their user's account; see [Permissions](permissions.md).",
        commands=UP,
        default_text="`ANYONE_WITH_ID_CAN_READ`",
        option="--general-access",
        has_variable=False,
        rejected=OPTION_ONLY,
    ),
    Setting(
        table="server",
        name="allow_origins",
        kind=kinds.TEXTS,
        meaning="Origins whose web pages may call the API; see [Security](security.md).",
        commands=UP,
        default_text="none",
        option="--allow-origin",
        has_variable=False,
        rejected=OPTION_ONLY,
    ),
    Setting(
        table="server",
        name="stop_runs",
        kind=kinds.FLAG,
        meaning="Abort live runs when the server stops.",
        commands=UP,
        default=False,
        option="--stop-runs",
        has_variable=False,
        rejected="it aborts the runs of other Actors too; pass the option",
    ),
    Setting(
        table="server",
        name="cpu_burst_secs",
        kind=kinds.AT_LEAST_0,
        meaning="Seconds during which a new container may use a full core. `0` gives it only its share from the start.",
        commands=SERVER_COMMANDS,
        default=DEFAULT_CPU_BURST_SECS,
    ),
    Setting(
        table="server",
        name="prepared_networks",
        kind=kinds.PREPARED_NETWORKS,
        meaning=(
            "Networks that are prepared for the next runs, so that they start faster; see"
            " [Start of a run](performance.md#start-of-a-run). `0` prepares none."
        ),
        commands=SERVER_COMMANDS,
        default=DEFAULT_PREPARED_NETWORKS,
        default_text=f"`{DEFAULT_PREPARED_NETWORKS}`; a server that is started for one run prepares none",
    ),
    Setting(
        table="server",
        name="strict_memory",
        kind=kinds.FLAG,
        meaning="Reject memory sizes that are not a power of two, as the platform does, instead of rounding them up.",
        commands=SERVER_COMMANDS,
        default=False,
    ),
    Setting(
        table="server",
        name="max_memory_mbytes",
        kind=kinds.MAX_MEMORY,
        meaning="Total memory of one user's live runs and builds, at least 128. A build counts 4096 MB.",
        commands=SERVER_COMMANDS,
        default_text="the memory of the plan; without a plan, that of the host in whole gigabytes, at least 8192 MB",
        rejected="it protects the memory of this machine",
    ),
    Setting(
        table="server",
        name="rate_limit",
        kind=kinds.ABOVE_0,
        meaning="Requests per second of one user, greater than 0. More requests get the status 429.",
        commands=SERVER_COMMANDS,
        default_text="no limit",
    ),
    Setting(
        table="server",
        name="retention_days",
        kind=kinds.AT_LEAST_0,
        meaning=(
            "Days until old data is deleted, for users who have not set their own; see [Retention](#retention)."
            " `0` deletes nothing."
        ),
        commands=SERVER_COMMANDS,
        default=DEFAULT_RETENTION_DAYS,
        rejected="it deletes data of other Actors too",
    ),
    Setting(
        table="server",
        name="outbound_allow",
        kind=kinds.OUTBOUND,
        meaning=(
            "Special addresses that webhooks, archives and repositories may reach: `loopback`, `link-local`, both"
            " separated by a comma, or `none`; see [Security](security.md#outbound-requests)."
        ),
        commands=SERVER_COMMANDS,
        default="loopback",
        rejected="it opens addresses of this machine and its network",
    ),
    Setting(
        table="proxy",
        name="upstream",
        kind=kinds.UPSTREAM,
        meaning=(
            "Proxies through which the [proxy](proxy.md#upstream-proxies) sends its traffic, or `off` for no proxy."
        ),
        commands=SERVER_COMMANDS,
        default_text="the proxy connects directly",
        rejected="the traffic of all Actors would go through this proxy, and its URL can contain a password",
        mask=kinds.masked_upstreams,
    ),
    Setting(
        table="proxy",
        name="allow",
        kind=kinds.ALLOWED_HOSTS,
        meaning=(
            "Hosts that are not public, but that the proxy may reach: `HOST` or `HOST:PORT`, separated by commas."
        ),
        commands=SERVER_COMMANDS,
        default_text="none",
        rejected="it opens addresses of this machine and its network",
    ),
    Setting(
        table="run",
        name="memory",
        kind=kinds.MEMORY,
        meaning="Memory of the run: megabytes, `512m` or `4g`.",
        commands=RUN,
        default_text="the Actor's default",
        option="--memory",
    ),
    Setting(
        table="run",
        name="timeout",
        kind=kinds.SECONDS,
        meaning="Timeout of the run in seconds. `0` means no timeout.",
        commands=RUN,
        default_text="the Actor's default",
        option="--timeout",
    ),
    Setting(
        table="run",
        name="input",
        kind=kinds.INPUT,
        meaning=(
            "Input of the run: JSON text, or `@` with the path of a file; in a configuration file also a table. A path"
            " in a configuration file is relative to the file, and cannot leave its folder."
        ),
        commands=RUN,
        default_text="`storage/key_value_stores/default/INPUT.json` in the folder, if it exists",
        option="--input",
    ),
    Setting(
        table="run",
        name="prefill",
        kind=kinds.FLAG,
        meaning="Pass the prefilled values of the input schema. Fields of the input take precedence.",
        commands=RUN,
        default=False,
        option="--prefill",
    ),
    Setting(
        table="run",
        name="env",
        kind=kinds.VARIABLES,
        meaning="Environment variables of the run, as a table. Options add to it, and replace single variables.",
        commands=RUN,
        default_text="none",
        option="--env",
        has_variable=False,
        mask=kinds.masked_variables,
    ),
    Setting(
        table="run",
        name="build",
        kind=kinds.TEXT,
        meaning="Tag or number of an existing build to run, instead of a new one.",
        commands=RUN,
        default_text="a new build",
        option="--build",
    ),
    Setting(
        table="run",
        name="permission",
        kind=kinds.LEVEL,
        meaning="Permissions of the run: `limited` or `full`. A configuration file can only set `limited`.",
        commands=RUN,
        default_text="the Actor's level",
        option="--permission",
        rejected_value=("full", "a run with full permissions can change the data of other Actors; pass the option"),
    ),
)
"""In the order of the documentation."""

BY_KEY: Mapping[str, Setting] = {setting.key: setting for setting in SETTINGS}
TABLES: Mapping[str, Mapping[str, Setting]] = {
    table: {setting.name: setting for setting in SETTINGS if setting.table == table}
    for table in dict.fromkeys(setting.table for setting in SETTINGS)
}
"""The settings by the names of their table and of their key in it."""
