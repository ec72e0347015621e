"""Reading Actors, versions, run options and webhooks out of what clients send. Raises Invalid, naming the field."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypedDict, TypeVar

import msgspec
from starlette.requests import Request
from yarl import URL

from api.request.access import Caller
from api.request.params import MAX_WHOLE, Params
from runtime.access import permissions
from runtime.actors.version_rules import git_url, host_paths
from runtime.base.clock import Millis
from runtime.base.errors import Forbidden, Invalid
from runtime.base.records import (
    EnvVar,
    Meta,
    Origin,
    PermissionLevel,
    RunDefaults,
    RunFilter,
    SourceFile,
    TaskOptions,
    Version,
    WebhookCondition,
    WebhookDraft,
    WebhookEvent,
)
from runtime.runs.options import StartOptions

T = TypeVar("T")
MAX_TIMEOUT_SECS = 10 * 365 * 86_400
"""Ten years: a longer one means none, and its end could not be written as a date."""


class ExampleRunInput(TypedDict, total=False):
    body: str
    contentType: str


class ActorStandby(TypedDict, total=False):
    isEnabled: bool | None
    desiredRequestsPerActorRun: int | None
    maxRequestsPerActorRun: int | None
    idleTimeoutSecs: int | None
    build: str | None
    memoryMbytes: int | None
    disableStandbyFieldsOverride: bool | None
    shouldPassActorInput: bool | None


EXTRA_ACTOR_FIELDS: dict[str, Any] = {
    "seoTitle": str,
    "seoDescription": str,
    "categories": list[str],
    "exampleRunInput": ExampleRunInput,
    "isDeprecated": bool,
    "actorStandby": ActorStandby,
    "pictureUrl": str,
    "notice": str,
    "isSourceCodeHidden": bool,
    "isCritical": bool,
    "isGeneric": bool,
    "hasNoDataset": bool,
}
"""Fields of an Actor that are kept and returned as they are, if they have these types: typed clients refuse others."""
TASK_OPTIONS: dict[str, tuple[str, type]] = {
    "build": ("build", str),
    "timeoutSecs": ("timeout_secs", float),
    "memoryMbytes": ("memory_mbytes", int),
    "maxItems": ("max_items", int),
    "maxTotalChargeUsd": ("max_total_charge_usd", float),
    "restartOnError": ("restart_on_error", bool),
}
WEBHOOK_TEXTS = {
    "payloadTemplate": "payload_template",
    "headersTemplate": "headers_template",
    "description": "description",
}
WEBHOOK_FLAGS = {
    "shouldInterpolateStrings": "should_interpolate_strings",
    "ignoreSslErrors": "ignore_ssl_errors",
    "doNotRetry": "do_not_retry",
}


def field(body: Mapping[str, Any], name: str, kind: type[T]) -> T | None:
    """A field of a JSON object, of the given type or absent (null counts as absent)."""
    value = body.get(name)
    if value is None:
        return None
    try:
        return msgspec.convert(value, kind, strict=True)
    except msgspec.ValidationError as problem:
        raise Invalid("invalid-value", f"Field '{name}' is not valid: {problem}") from problem


def actor_fields(body: Mapping[str, Any], defaults: RunDefaults, extra: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an Actor record that the body sets."""
    fields: dict[str, Any] = {}
    for wire_name, name in (("title", "title"), ("description", "description")):
        if wire_name in body:
            fields[name] = field(body, wire_name, str)
    if field(body, "isPublic", bool) is not None:
        fields["is_public"] = body["isPublic"]
    if field(body, "name", str) is not None:
        fields["name"] = body["name"]
    level = permission_level(field(body, "actorPermissionLevel", str), "actorPermissionLevel")
    if level is not None:
        fields["permission_level"] = level
    if "defaultRunOptions" in body or "restartOnError" in body:
        fields["defaults"] = run_defaults(body, defaults)
    kept = kept_fields(body, EXTRA_ACTOR_FIELDS)
    if kept:
        fields["extra"] = {**extra, **kept}
    return fields


def kept_fields(body: Mapping[str, Any], kinds: Mapping[str, Any]) -> dict[str, Any]:
    """Fields that are stored just as they came. Raises Invalid where one has another type than its own, or null."""
    sent = {name: kind for name, kind in kinds.items() if name in body}
    for name, kind in sent.items():
        field(body, name, kind)
    return {name: body[name] for name in sent}


def run_defaults(body: Mapping[str, Any], known: RunDefaults) -> RunDefaults:
    options = field(body, "defaultRunOptions", dict) or {}
    timeout, memory = checked_timeout(field(options, "timeoutSecs", float)), field(options, "memoryMbytes", int)
    if memory is not None and not 0 < memory <= MAX_WHOLE:
        raise Invalid("invalid-value", "Field 'memoryMbytes' must be greater than 0, and a number of megabytes")
    restart = field(options, "restartOnError", bool)
    restart = field(body, "restartOnError", bool) if restart is None else restart
    return RunDefaults(
        build=field(options, "build", str) or known.build,
        timeout_secs=known.timeout_secs if timeout is None else timeout,
        memory_mbytes=known.memory_mbytes if memory is None else memory,
        restart_on_error=known.restart_on_error if restart is None else restart,
        max_items=_max_items(options) if "maxItems" in options else known.max_items,
        permission_level=(
            permission_level(field(options, "forcePermissionLevel", str), "forcePermissionLevel")
            if "forcePermissionLevel" in options
            else known.permission_level
        ),
    )


def _max_items(options: Mapping[str, Any]) -> int | None:
    count = field(options, "maxItems", int)
    if count is not None and not 0 < count <= MAX_WHOLE:
        raise Invalid("invalid-value", "Field 'maxItems' must be greater than 0")
    return count


def versions(
    body: Mapping[str, Any], caller: Caller, now: Millis, known: Iterable[Version] = ()
) -> tuple[Version, ...]:
    """The versions as sent; `known` are those there are."""
    by_number = {each.number: each for each in known}
    sent = field(body, "versions", list[dict[str, Any]]) or []
    return tuple(
        version(each, caller, now, known=by_number.get(field(each, "versionNumber", str) or "")) for each in sent
    )


def version(
    body: Mapping[str, Any], caller: Caller, now: Millis, number: str | None = None, known: Version | None = None
) -> Version:
    """A version as sent. A secret variable sent without a value keeps the one it has in `known`.

    Raises Forbidden where its builds would read files of this machine that the caller may not name.
    """
    sent = number or field(body, "versionNumber", str)
    if sent is None:
        raise Invalid("invalid-value", "Field 'versionNumber' is required")
    read = Version(
        id="",
        actor_id="",
        number=sent,
        created_at=now,
        source_type=field(body, "sourceType", str) or "SOURCE_FILES",
        source_files=tuple(_source_file(each) for each in field(body, "sourceFiles", list[dict[str, Any]]) or []),
        tarball_url=field(body, "tarballUrl", str),
        git_repo_url=field(body, "gitRepoUrl", str),
        github_gist_url=field(body, "gitHubGistUrl", str),
        folder=field(body, "localFolder", str),
        build_tag=field(body, "buildTag", str) or "latest",
        env_vars=tuple(_env_var(each, known) for each in field(body, "envVars", list[dict[str, Any]]) or []),
        apply_env_vars_to_build=field(body, "applyEnvVarsToBuild", bool) or False,
    )
    _check_host_paths(read, caller, known)
    is_same = known is not None and known.by_host and git_url(known) == git_url(read)
    return replace(read, by_host=caller.is_host or is_same)


def patched_version(body: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """A version as it was last sent, with what is sent now: a source instead of a local folder takes its place."""
    has_source = "sourceFiles" in body or "sourceType" in body
    return {**known, **({"localFolder": None} if has_source else {}), **body}


def _check_host_paths(sent: Version, caller: Caller, known: Version | None) -> None:
    """An Actor that holds some token of its user must not read files of the user's machine through a build."""
    new = host_paths(sent) - (host_paths(known) if known is not None else set())
    if new and not caller.is_host:
        raise Forbidden(
            "insufficient-permissions",
            f"Only who runs the server may build from its own files ({', '.join(sorted(new))}):"
            " use `greenroom push`, or the token of server.json",
        )


def task_fields(body: Mapping[str, Any], known: TaskOptions) -> dict[str, Any]:
    """The fields of a task that the body sets."""
    fields: dict[str, Any] = {}
    for name, kind in (("title", str), ("input", dict[str, Any])):
        if name in body:
            fields[name] = field(body, name, kind)
    if field(body, "name", str) is not None:
        fields["name"] = body["name"]
    if field(body, "options", dict) is not None:
        fields["options"] = task_options(body["options"], known)
    kept = kept_fields(body, {"actorStandby": ActorStandby})
    if kept:
        fields["extra"] = kept
    return fields


def task_options(options: Mapping[str, Any], known: TaskOptions) -> TaskOptions:
    """Options as sent; null takes one away, what is left out stays."""
    sent = {wire: known_as for wire, known_as in TASK_OPTIONS.items() if wire in options}
    given: dict[str, Any] = {name: field(options, wire, kind) for wire, (name, kind) in sent.items()}
    if "timeout_secs" in given:
        given["timeout_secs"] = checked_timeout(given["timeout_secs"])
    for name in ("memory_mbytes", "max_items", "max_total_charge_usd"):
        if given.get(name) is not None and not 0 < given[name] <= MAX_WHOLE:
            raise Invalid("invalid-value", f"Field 'options': {name} must be greater than 0")
    return replace(known, **given)


def start_options(params: Params, caller: Caller) -> StartOptions:
    """The query of the Run Actor endpoint."""
    memory = params.number("memory")
    if memory is not None and memory <= 0:
        raise Invalid("invalid-input", "Query parameter 'memory' must be greater than 0")
    max_items, max_charge = params.whole("maxItems"), params.number("maxTotalChargeUsd")
    if max_items == 0:
        raise Invalid("max-items-must-be-greater-than-zero", "Query parameter 'maxItems' must be greater than 0")
    if max_charge == 0:
        raise Invalid(
            "max-total-charge-usd-must-be-greater-than-zero",
            "Query parameter 'maxTotalChargeUsd' must be greater than 0",
        )
    return StartOptions(
        build=params.text("build"),
        timeout_secs=checked_timeout(params.number("timeout")),
        memory_mbytes=memory,
        max_items=max_items,
        max_total_charge_usd=max_charge,
        restart_on_error=params.flag("restartOnError"),
        permission_level=permission_level(params.text("forcePermissionLevel"), "forcePermissionLevel"),
        webhooks=webhooks(params.text("webhooks"), caller),
    )


def run_filter(params: Params) -> RunFilter:
    """What narrows a list of runs. Statuses are comma-separated, times ISO 8601."""
    return RunFilter(
        statuses=tuple(params.names("status")),
        origin=params.text("origin"),
        started_after=_moment(params, "startedAfter"),
        started_before=_moment(params, "startedBefore"),
    )


def _moment(params: Params, name: str) -> Millis | None:
    text = params.text(name)
    if text is None:
        return None
    try:
        return moment(text)
    except ValueError as problem:
        raise Invalid("invalid-parameter", f"Query parameter '{name}' is no ISO 8601 time: '{text}'") from problem


def moment(text: str) -> Millis:
    """A time in ISO 8601; UTC where it names no zone. Raises ValueError."""
    at = datetime.fromisoformat(text)
    return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def permission_level(text: str | None, name: str) -> PermissionLevel | None:
    if text is None:
        return None
    if text not in set(PermissionLevel):
        raise Invalid("invalid-value", f"'{name}' must be one of {', '.join(PermissionLevel)}, not '{text}'")
    return PermissionLevel(text)


def webhooks(text: str | None, caller: Caller) -> tuple[WebhookDraft, ...]:
    """Ad hoc webhooks: base64, standard or URL-safe, with or without padding; a `+` may have arrived as a space."""
    if text is None:
        return ()
    plain = text.replace(" ", "+").replace("-", "+").replace("_", "/").rstrip("=")
    try:
        found = msgspec.json.decode(base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True))
        webhooks = msgspec.convert(found, list[dict[str, Any]])
    except (ValueError, msgspec.MsgspecError, RecursionError) as problem:
        raise Invalid(
            "invalid-input", f"Query parameter 'webhooks' must be a Base64-encoded JSON array of objects: {problem}"
        ) from problem
    return tuple(webhook_draft(each, caller) for each in webhooks)


def webhook_draft(body: Mapping[str, Any], caller: Caller) -> WebhookDraft:
    """Raises Invalid where a webhook could never fire or be sent."""
    fields = webhook_fields(body, caller)
    for wire_name, name in (("eventTypes", "event_types"), ("requestUrl", "request_url")):
        if name not in fields:
            raise Invalid("invalid-input", f"A webhook needs '{wire_name}'")
    return WebhookDraft(**fields, idempotency_key=field(body, "idempotencyKey", str) or None)


def webhook_fields(body: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
    """The fields of a webhook that the body sets; null leaves what cannot be absent as it is."""
    fields: dict[str, Any] = {}
    event_types, url = field(body, "eventTypes", list[str]), field(body, "requestUrl", str)
    if event_types is not None:
        fields["event_types"] = tuple(_webhook_event(each) for each in event_types)
        if not event_types:
            raise Invalid("invalid-input", "A webhook needs at least one of the 'eventTypes'")
    if url is not None:
        fields["request_url"] = _checked_url(url)
    for wire_name, name in WEBHOOK_TEXTS.items():
        if wire_name in body:
            fields[name] = field(body, wire_name, str)
    for wire_name, name in WEBHOOK_FLAGS.items():
        flag = field(body, wire_name, bool)
        if flag is not None:
            fields[name] = flag
    if permissions.is_limited(caller.run):
        fields["acts_for_owner"] = False
    return fields


def webhook_condition(body: Mapping[str, Any]) -> WebhookCondition:
    condition = field(body, "condition", dict) or {}
    return WebhookCondition(
        actor_id=field(condition, "actorId", str),
        actor_task_id=field(condition, "actorTaskId", str),
        actor_run_id=field(condition, "actorRunId", str),
    )


def meta(request: Request, caller: Caller) -> Meta:
    """Where a job comes from: clients say so in headers, and a run's own token tells by itself."""
    return Meta(
        origin=_origin(request, caller),
        client_ip=request.client.host if request.client else None,
        user_agent=request.headers.get("user-agent"),
    )


def _origin(request: Request, caller: Caller) -> Origin:
    said = request.headers.get("x-apify-request-origin", "")
    if said in set(Origin):
        return Origin(said)
    at_home = "isAtHome/true" in request.headers.get("user-agent", "")
    return Origin.ACTOR if caller.run is not None or at_home else Origin.API


def checked_timeout(secs: float | None) -> int | None:
    """Whole seconds; half a second must not become 0, which means none. Raises Invalid."""
    if secs is None:
        return None
    if not 0 <= secs <= MAX_TIMEOUT_SECS:
        raise Invalid("invalid-input", f"A timeout must be 0 (none) to {MAX_TIMEOUT_SECS} seconds, not {secs:g}")
    return max(round(secs), 1 if secs > 0 else 0)


def _webhook_event(text: str) -> WebhookEvent:
    if text not in set(WebhookEvent):
        raise Invalid("invalid-input", f"There is no event type '{text}'; there are {', '.join(WebhookEvent)}")
    return WebhookEvent(text)


def _checked_url(url: str) -> str:
    try:
        parts = URL(url, encoded=True)
        is_good = parts.scheme in ("http", "https") and parts.host is not None and " " not in url
    except ValueError:
        is_good = False
    if not is_good:
        raise Invalid("invalid-input", f"A webhook's 'requestUrl' must be an http(s) URL, not '{url}'")
    return url


def _source_file(body: Mapping[str, Any]) -> SourceFile:
    name = field(body, "name", str)
    if name is None:
        raise Invalid("invalid-value", "Each of the 'sourceFiles' needs a 'name'")
    if field(body, "folder", bool):
        return SourceFile(name=name, folder=True)
    form = field(body, "format", str) or "TEXT"
    if form not in ("TEXT", "BASE64"):
        raise Invalid("invalid-value", f"Source file '{name}' has the format '{form}': it must be TEXT or BASE64")
    return SourceFile(name=name, format=form, content=field(body, "content", str) or "")


def _env_var(body: Mapping[str, Any], known: Version | None) -> EnvVar:
    name, value = field(body, "name", str), field(body, "value", str)
    if not name or "=" in name or "\0" in name + (value or ""):
        raise Invalid("invalid-value", "Each of the 'envVars' needs a 'name' without '='")
    is_secret = field(body, "isSecret", bool) or False
    if value is None and is_secret and known is not None:
        value = next((each.value for each in known.env_vars if each.name == name), None)
    return EnvVar(name=name, value=value or "", is_secret=is_secret)


def new_env_var(body: Mapping[str, Any]) -> EnvVar:
    """Raises Invalid."""
    if field(body, "value", str) is None:
        raise Invalid("invalid-value", "A new environment variable needs a 'name' and a 'value'")
    return _env_var(body, None)


def env_var(body: Mapping[str, Any], known: EnvVar) -> EnvVar:
    """A known variable with what the body says of it. Raises Invalid where a secret would show."""
    name, value = field(body, "name", str), field(body, "value", str)
    if name is not None and name != known.name:
        raise Invalid("cannot-rename-env-var", f"The variable '{known.name}' can't be renamed to '{name}'")
    secrecy = field(body, "isSecret", bool)
    is_secret = known.is_secret if secrecy is None else secrecy
    if value is None and known.is_secret and not is_secret:
        raise Invalid("invalid-value", f"To show the secret variable '{known.name}', send its 'value' with it")
    return _env_var({"name": known.name, "value": known.value if value is None else value, "isSecret": is_secret}, None)
