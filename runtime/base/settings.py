"""The settings of an instance: the options of `greenroom up`, and GREENROOM_* environment variables."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs

from runtime.base.general_access import GeneralAccess
from runtime.base.outbound_policy import DEFAULT_POLICY, OutboundPolicy, parse_policy
from runtime.base.outbound_policy import VARIABLE as OUTBOUND_ALLOW
from runtime.base.plans import LOCAL, PLANS, Plan, parse_prices, with_prices
from runtime.base.proxy_settings import ProxySettings, parse_proxy_settings

LOCAL_USERNAME = "local"
DEFAULT_PORT = 3333
DEFAULT_CPU_BURST_SECS = 10.0
DEFAULT_RETENTION_DAYS = 7.0
LEAST_RUN_MBYTES = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`users` maps tokens to user names. If it is empty, any non-empty token belongs to the one local user.
    `general_access` are the settings of accounts by user name; None stands for all other users.

    `allowed_origins` are the origins whose web pages may call the API, such as `http://localhost:5173`.
    `plan` is the plan whose limits and prices apply to every user. With `cpu_burst_secs` 0, containers are limited to
    their CPU share from the start. `max_memory_mbytes` limits the total memory of a user's running Actors and builds;
    None leaves it to the plan, or to the host. `rate_limit` is the number of requests per second and user; None means
    no limit. `retention_days` is how long old runs and unused unnamed storages are stored; 0 means forever. With
    `strict_memory`, memory sizes that are not a power of two are rejected, as on the platform.
    """

    port: int = DEFAULT_PORT
    data_dir: Path
    users: Mapping[str, str]
    general_access: Mapping[str | None, GeneralAccess] = field(default_factory=dict)
    allowed_origins: frozenset[str] = frozenset()
    stop_runs: bool = False
    plan: Plan = LOCAL
    cpu_burst_secs: float = DEFAULT_CPU_BURST_SECS
    strict_memory: bool = False
    max_memory_mbytes: int | None = None
    rate_limit: float | None = None
    retention_days: float = DEFAULT_RETENTION_DAYS
    proxy: ProxySettings = field(default_factory=ProxySettings)
    outbound_policy: OutboundPolicy = DEFAULT_POLICY


def default_data_dir() -> Path:
    """Return $GREENROOM_DATA_DIR, or `greenroom` in the operating system's folder for user data."""
    given = os.environ.get("GREENROOM_DATA_DIR")
    return Path(given) if given else Path(platformdirs.user_data_dir("greenroom", appauthor=False))


def from_environment(
    *,
    port: int = DEFAULT_PORT,
    data_dir: Path | None = None,
    users: Mapping[str, str] | None = None,
    general_access: Mapping[str | None, GeneralAccess] | None = None,
    allowed_origins: frozenset[str] = frozenset(),
    stop_runs: bool = False,
    plan: str | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Settings:
    """Combine options and GREENROOM_* variables. Raises ValueError, which names the invalid variable."""
    return Settings(
        port=port,
        data_dir=data_dir or default_data_dir(),
        users=users or {},
        general_access=general_access or {},
        allowed_origins=allowed_origins,
        stop_runs=stop_runs,
        plan=with_prices(
            PLANS[plan] if plan else _plan(environment, "GREENROOM_PLAN"), _prices(environment, "GREENROOM_PRICES")
        ),
        cpu_burst_secs=_number_or_default(environment, "GREENROOM_CPU_BURST_SECS", DEFAULT_CPU_BURST_SECS),
        strict_memory=_flag(environment, "GREENROOM_STRICT_MEMORY"),
        max_memory_mbytes=_max_memory(environment, "GREENROOM_MAX_MEMORY_MBYTES"),
        rate_limit=_rate(environment, "GREENROOM_RATE_LIMIT"),
        retention_days=_number_or_default(environment, "GREENROOM_RETENTION_DAYS", DEFAULT_RETENTION_DAYS),
        proxy=parse_proxy_settings(
            environment.get("GREENROOM_PROXY_UPSTREAM", ""), environment.get("GREENROOM_PROXY_ALLOW", "")
        ),
        outbound_policy=_outbound_policy(environment),
    )


def _plan(environment: Mapping[str, str], name: str) -> Plan:
    text = environment.get(name)
    if text and text not in PLANS:
        raise ValueError(f"{name} must be one of {', '.join(PLANS)}, not '{text}'")
    return PLANS[text] if text else LOCAL


def _prices(environment: Mapping[str, str], name: str) -> Mapping[str, float]:
    try:
        return parse_prices(environment.get(name, ""))
    except ValueError as error:
        raise ValueError(f"{name} {error}") from error


def _number_or_default(environment: Mapping[str, str], name: str, default: float) -> float:
    number = _number(environment, name, default)
    return default if number is None else number


def _number(environment: Mapping[str, str], name: str, default: float | None) -> float | None:
    text = environment.get(name)
    if not text:
        return default
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < math.inf:
        raise ValueError(f"{name} must be a number of at least 0, not '{text}'")
    return number


def _flag(environment: Mapping[str, str], name: str) -> bool:
    text = environment.get(name, "")
    if text not in ("", "0", "1"):
        raise ValueError(f"{name} must be 0 or 1, not '{text}'")
    return text == "1"


def _outbound_policy(environment: Mapping[str, str]) -> OutboundPolicy:
    text = environment.get(OUTBOUND_ALLOW)
    return parse_policy(text) if text else DEFAULT_POLICY


def _max_memory(environment: Mapping[str, str], name: str) -> int | None:
    """Return the limit in whole megabytes. A limit that no run fits in is not a usable setting."""
    number = _number(environment, name, None)
    if number is None:
        return None
    if number < LEAST_RUN_MBYTES:
        raise ValueError(
            f"{name} must be at least {LEAST_RUN_MBYTES}, the memory of the smallest run, not '{environment[name]}'"
        )
    return int(number)


def _rate(environment: Mapping[str, str], name: str) -> float | None:
    number = _number(environment, name, None)
    if number == 0:
        raise ValueError(f"{name} must be greater than 0, because 0 rejects every request; unset it for no limit")
    return number
