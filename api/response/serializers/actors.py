"""The JSON of Actors and their versions."""

from __future__ import annotations

from collections.abc import Mapping

from runtime.base.addresses import Addresses
from runtime.base.clock import DAY_MILLIS, Millis, iso
from runtime.base.json_text import Json, JsonDict
from runtime.base.records import Actor, EnvVar, Pricing, SourceFile, TaggedBuild, User, Version
from runtime.builds import number_int
from runtime.standby.settings import DEFAULTS, FIELD, stored_settings

AGENT_FIELDS = ("id", "title", "name", "username", "description", "notice", "badge", "categories")
AGENT_STATS = ("totalRuns", "totalUsers", "totalUsers30Days")
"""What a language model needs to choose an Actor. Source: the parameter `responseFormat` in Apify's API reference."""


def actor(record: Actor, owner: User, versions: list[Version], now: Millis, standby_url: str | None) -> JsonDict:
    return {
        **record.extra,
        **standby(record.extra, standby_url),
        "id": record.id,
        "userId": record.user_id,
        "name": record.name,
        "username": owner.username,
        "title": record.title,
        "description": record.description,
        "isPublic": record.is_public,
        "actorPermissionLevel": record.permission_level,
        "restartOnError": record.defaults.restart_on_error,
        "createdAt": iso(record.created_at),
        "modifiedAt": iso(record.modified_at),
        "stats": actor_stats(record, now),
        "versions": [version(each) for each in versions],
        "defaultRunOptions": {
            "build": record.defaults.build,
            "timeoutSecs": record.defaults.timeout_secs,
            "memoryMbytes": record.defaults.memory_mbytes,
            "restartOnError": record.defaults.restart_on_error,
            "maxItems": record.defaults.max_items,
            "forcePermissionLevel": record.defaults.permission_level,
        },
        **({"pricingInfos": [pricing.shown for pricing in record.pricings]} if record.pricings else {}),
        "taggedBuilds": {tag: tagged_build(tagged) for tag, tagged in record.tagged_builds.items()},
    }


def standby(extra: Mapping[str, Json], url: str | None) -> JsonDict:
    """The Standby settings of an Actor, and the address of its Standby requests, null without Standby.

    If Standby is enabled, the settings that were not sent have their defaults.
    """
    sent, shown = stored_settings(extra), {"standbyUrl": url}
    return {FIELD: {**DEFAULTS, **sent}, **shown} if sent.get("isEnabled") else shown


def actor_in_list(record: Actor, owner: User, now: Millis) -> JsonDict:
    return {
        "id": record.id,
        "name": record.name,
        "username": owner.username,
        "title": record.title or record.name,
        "createdAt": iso(record.created_at),
        "modifiedAt": iso(record.modified_at),
        "stats": actor_stats(record, now),
    }


def actor_in_store(
    record: Actor, owner: User, pricing: Pricing | None, addresses: Addresses, now: Millis, *, allows_agents: bool
) -> JsonDict:
    """An Actor in the Store. `allows_agents` is whether AI agents that pay for runs themselves can use it."""
    return {
        "id": record.id,
        "title": record.title or record.name,
        "name": record.name,
        "username": owner.username,
        "userFullName": owner.username,
        "description": record.description,
        "categories": record.extra.get("categories") or [],
        "pictureUrl": record.extra.get("pictureUrl"),
        "userPictureUrl": None,
        "url": addresses.console_url(owner.username, record.name),
        "notice": record.extra.get("notice") or "NONE",
        "badge": None,
        "stats": actor_stats(record, now),
        "currentPricingInfo": {"pricingModel": "FREE"} if pricing is None else pricing.shown,
        "isWhiteListedForAgenticPayments": allows_agents,
    }


def actor_for_agents(shown: JsonDict) -> JsonDict:
    """The short form of an Actor in Store, as `responseFormat=agent` requests it."""
    stats = {name: value for name, value in shown["stats"].items() if name in AGENT_STATS}
    return {**{name: shown[name] for name in AGENT_FIELDS}, "stats": stats}


def actor_stats(record: Actor, now: Millis) -> JsonDict:
    """The numbers of this server. Reviews and bookmarks, which do not exist here, are left out."""
    last_runs = record.last_run_by_user.values()
    active = {days: sum(started >= now - days * DAY_MILLIS for started in last_runs) for days in (7, 30, 90)}
    return {
        "totalBuilds": record.total_builds,
        "totalRuns": record.total_runs,
        "totalUsers": len(last_runs),
        **{f"totalUsers{days}Days": count for days, count in active.items()},
        "totalMetamorphs": record.total_metamorphs,
        **({} if record.last_run_started_at is None else {"lastRunStartedAt": iso(record.last_run_started_at)}),
    }


def tagged_build(tagged: TaggedBuild) -> JsonDict:
    version, _, number = tagged.build_number.rpartition(".")
    return {
        "buildId": tagged.build_id,
        "buildNumber": tagged.build_number,
        "buildNumberInt": number_int(version, int(number)),
        "finishedAt": iso(tagged.finished_at),
    }


def version(record: Version) -> JsonDict:
    """A version with the fields that were sent: the `apify` command's own tests compare whole versions."""
    applied = record.apply_env_vars_to_build
    return {
        "versionNumber": record.number,
        "sourceType": record.source_type,
        "envVars": [env_var(each) for each in record.env_vars],
        **({} if applied is None else {"applyEnvVarsToBuild": applied}),
        "buildTag": record.build_tag,
        **_source(record),
    }


def version_without_source(record: Version) -> JsonDict:
    """What other users may know about a version of a public Actor."""
    return {"versionNumber": record.number, "sourceType": record.source_type, "buildTag": record.build_tag}


def _source(record: Version) -> JsonDict:
    """The field for the source of this type."""
    match record.source_type:
        case "TARBALL":
            return {"tarballUrl": record.tarball_url}
        case "GIT_REPO":
            return {"gitRepoUrl": record.git_repo_url}
        case "GITHUB_GIST":
            return {"gitHubGistUrl": record.github_gist_url}
    folder = {} if record.folder is None else {"localFolder": record.folder}
    return {"sourceFiles": [source_file(each) for each in record.source_files], **folder}


def env_var(record: EnvVar) -> JsonDict:
    """An environment variable with the fields that were sent. The value of a secret is never returned."""
    shown = {} if record.is_secret else {"value": record.value}
    return {"name": record.name, **shown, **({} if record.is_secret is None else {"isSecret": record.is_secret})}


def source_file(record: SourceFile) -> JsonDict:
    if record.folder:
        return {"name": record.name, "folder": True}
    return {"name": record.name, "format": record.format, "content": record.content}
