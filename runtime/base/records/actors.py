"""Actors with their pricing, their versions and their tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from runtime.base.clock import Millis
from runtime.base.json_text import Json


class PermissionLevel(StrEnum):
    LIMITED = "LIMITED_PERMISSIONS"
    FULL = "FULL_PERMISSIONS"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDefaults:
    """An Actor's default run options. `timeout_secs` 0 means none; `permission_level` is forced on its runs."""

    build: str = "latest"
    timeout_secs: int = 3600
    memory_mbytes: int = 1024
    restart_on_error: bool = False
    max_items: int | None = None
    permission_level: PermissionLevel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaggedBuild:
    build_id: str
    build_number: str
    finished_at: Millis


class PricingModel(StrEnum):
    PAY_PER_EVENT = "PAY_PER_EVENT"
    PRICE_PER_DATASET_ITEM = "PRICE_PER_DATASET_ITEM"
    FLAT_PRICE_PER_MONTH = "FLAT_PRICE_PER_MONTH"
    FREE = "FREE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pricing:
    """The price of an Actor from `started_at` on, in US dollars.

    An Actor's pricing has the prices for the tier FREE. Those for other tiers are in `event_tier_prices_usd`, by event
    and tier, and in `item_tier_prices_usd`. The pricing of a run has the prices for the tier of its user instead.
    `one_time_events` are charged at most once per run. `shown` is the entry of `pricingInfos` in Apify's own spelling.
    """

    model: PricingModel
    started_at: Millis
    event_prices_usd: Mapping[str, float] = field(default_factory=dict)
    one_time_events: tuple[str, ...] = ()
    item_price_usd: float = 0.0
    event_tier_prices_usd: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    item_tier_prices_usd: Mapping[str, float] = field(default_factory=dict)
    minimal_max_total_charge_usd: float | None = None
    is_usage_paid_by_user: bool = False
    shown: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """An Actor. `extra` contains fields that Greenroom stores and returns without using them, in Apify's spelling.

    `last_run_by_user` has the start of the last run of each user who has run the Actor, by the user's id. It remains
    when the runs are deleted. `total_metamorphs` counts runs that became this Actor.
    `dev_folder` is the local folder whose current files its runs mount over those of the image.
    """

    id: str
    user_id: str
    name: str
    created_at: Millis
    modified_at: Millis
    title: str | None = None
    description: str | None = None
    is_public: bool = False
    defaults: RunDefaults = RunDefaults()
    tagged_builds: Mapping[str, TaggedBuild] = field(default_factory=dict)
    permission_level: PermissionLevel = PermissionLevel.LIMITED
    total_runs: int = 0
    total_builds: int = 0
    last_run_started_at: Millis | None = None
    last_run_by_user: Mapping[str, Millis] = field(default_factory=dict)
    total_metamorphs: int = 0
    pricings: tuple[Pricing, ...] = ()
    dev_folder: str | None = None
    extra: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOptions:
    """Options of a task's runs. None means the Actor's default; units as in RunOptions."""

    build: str | None = None
    timeout_secs: int | None = None
    memory_mbytes: int | None = None
    max_items: int | None = None
    max_total_charge_usd: float | None = None
    restart_on_error: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task of an Actor. `input` is a JSON object; `extra` is as in an Actor.

    A task is published since `published_at`, or not at all. `public_config` describes its public page.
    """

    id: str
    user_id: str
    actor_id: str
    name: str
    created_at: Millis
    modified_at: Millis
    title: str | None = None
    description: str | None = None
    options: TaskOptions = TaskOptions()
    input: Mapping[str, Json] | None = None
    total_runs: int = 0
    published_at: Millis | None = None
    public_config: Mapping[str, Json] = field(default_factory=dict)
    extra: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvVar:
    """An environment variable. `is_secret` is None if its author did not send it, which means False."""

    name: str
    value: str
    is_secret: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file of a version's source, in the format TEXT or BASE64. A folder has no content."""

    name: str
    format: str = "TEXT"
    content: str = ""
    folder: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of an Actor. `number` is MAJOR.MINOR, and unique in its Actor.

    If `folder` is set, this folder of the server's machine is the source instead of `source_files`. With `by_host`, the
    server's operator set the source, so it is fetched with the SSH keys and passwords of this machine.
    `apply_env_vars_to_build` is None if its author did not send it, which means False.
    """

    id: str
    actor_id: str
    number: str
    created_at: Millis
    source_type: str = "SOURCE_FILES"
    source_files: tuple[SourceFile, ...] = ()
    tarball_url: str | None = None
    git_repo_url: str | None = None
    github_gist_url: str | None = None
    folder: str | None = None
    by_host: bool = False
    build_tag: str = "latest"
    env_vars: tuple[EnvVar, ...] = ()
    apply_env_vars_to_build: bool | None = None
    last_build: int = 0
