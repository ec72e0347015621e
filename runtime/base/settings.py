"""The settings of a server, as its parts use them. `configuration.py` beside it determines their values."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from runtime.base.general_access import GeneralAccess
from runtime.base.outbound_policy import DEFAULT_POLICY, OutboundPolicy, parse_policy
from runtime.base.plans import LOCAL, PLANS, Plan, parse_prices, with_prices
from runtime.base.proxy_settings import ProxySettings, parse_proxy_settings

if TYPE_CHECKING:  # every command imports this module, and most do not need what it imports
    from runtime.base.configuration import Configuration

LOCAL_USERNAME = "local"
DEFAULT_PORT = 3333
DEFAULT_CPU_BURST_SECS = 10.0
DEFAULT_PREPARED_NETWORKS = 2
DEFAULT_RETENTION_DAYS = 7.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`users` maps tokens to user names. If it is empty, any non-empty token belongs to the one local user.
    `general_access` are the settings of accounts by user name; None stands for all other users.

    `allowed_origins` are the origins whose web pages may call the API, such as `http://localhost:5173`.
    `plan` is the plan whose limits and prices apply to every user. With `cpu_burst_secs` 0, containers are limited to
    their CPU share from the start. `max_memory_mbytes` limits the total memory of a user's running Actors and builds;
    None leaves it to the plan, or to the host. `rate_limit` is the number of requests per second and user; None means
    no limit. `retention_days` is how long old runs and unused unnamed storages are stored; 0 means forever. With
    `strict_memory`, memory sizes that are not a power of two are rejected, as on the platform. `configured` are the
    settings that are not defaults, by their keys and without secrets, to show them.
    """

    port: int = DEFAULT_PORT
    data_dir: Path
    users: Mapping[str, str]
    general_access: Mapping[str | None, GeneralAccess] = field(default_factory=dict)
    allowed_origins: frozenset[str] = frozenset()
    stop_runs: bool = False
    plan: Plan = LOCAL
    cpu_burst_secs: float = DEFAULT_CPU_BURST_SECS
    prepared_networks: int = DEFAULT_PREPARED_NETWORKS
    strict_memory: bool = False
    max_memory_mbytes: int | None = None
    rate_limit: float | None = None
    retention_days: float = DEFAULT_RETENTION_DAYS
    proxy: ProxySettings = field(default_factory=ProxySettings)
    outbound_policy: OutboundPolicy = DEFAULT_POLICY
    configured: Mapping[str, Any] = field(default_factory=dict)


def default_data_dir() -> Path:
    """Return $GREENROOM_DATA_DIR, or `greenroom` in the operating system's folder for user data."""
    given = os.environ.get("GREENROOM_DATA_DIR")
    return Path(given) if given else Path(platformdirs.user_data_dir("greenroom", appauthor=False))


def of_configuration(
    configuration: Configuration,
    *,
    users: Mapping[str, str] | None = None,
    general_access: Mapping[str | None, GeneralAccess] | None = None,
    allowed_origins: frozenset[str] = frozenset(),
) -> Settings:
    """Return the settings of a server. Users, their access and origins are options that the caller has parsed."""
    plan, max_memory_mbytes = configuration["server.plan"], configuration["server.max_memory_mbytes"]
    data_dir = configuration["server.data_dir"]
    return Settings(
        port=configuration["server.port"],
        data_dir=Path(data_dir) if data_dir else default_data_dir(),
        users=users or {},
        general_access=general_access or {},
        allowed_origins=allowed_origins,
        stop_runs=configuration["server.stop_runs"],
        plan=with_prices(PLANS[plan] if plan else LOCAL, parse_prices(configuration["server.prices"] or "")),
        cpu_burst_secs=configuration["server.cpu_burst_secs"],
        prepared_networks=configuration["server.prepared_networks"],
        strict_memory=configuration["server.strict_memory"],
        max_memory_mbytes=max_memory_mbytes,
        rate_limit=configuration["server.rate_limit"],
        retention_days=configuration["server.retention_days"],
        proxy=parse_proxy_settings(configuration["proxy.upstream"] or "", configuration["proxy.allow"] or ""),
        outbound_policy=parse_policy(configuration["server.outbound_allow"]),
        configured=configuration.server_values,
    )
