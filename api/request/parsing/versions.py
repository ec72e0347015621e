"""Parsers of the versions of Actors, with their source files and environment variables."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from api.request.callers import Caller
from api.request.parsing.fields import field
from runtime.actors.version_rules import git_url, host_paths
from runtime.base.clock import Millis
from runtime.base.errors import Forbidden, Invalid
from runtime.base.records import EnvVar, SourceFile, Version


def parse_versions(
    body: Mapping[str, Any], caller: Caller, now: Millis, known: Iterable[Version] = ()
) -> tuple[Version, ...]:
    """All versions in the body of an Actor. `known` are the versions that the Actor has already."""
    by_number = {each.number: each for each in known}
    sent = field(body, "versions", list[dict[str, Any]]) or []
    return tuple(
        parse_version(each, caller, now, known=by_number.get(field(each, "versionNumber", str) or "")) for each in sent
    )


def parse_version(
    body: Mapping[str, Any], caller: Caller, now: Millis, number: str | None = None, known: Version | None = None
) -> Version:
    """One version. A secret variable that is sent without a value gets its value from `known`.

    `number` is given if the path contains it. Raises Forbidden if builds of the version would read files of this
    machine that the caller may not name.
    """
    sent = number or field(body, "versionNumber", str)
    if sent is None:
        raise Invalid("invalid-value", "Field 'versionNumber' is required")
    version = Version(
        id="",
        actor_id="",
        number=sent,
        created_at=now,
        source_type=field(body, "sourceType", str) or "SOURCE_FILES",
        source_files=tuple(_parse_source_file(each) for each in field(body, "sourceFiles", list[dict[str, Any]]) or []),
        tarball_url=field(body, "tarballUrl", str),
        git_repo_url=field(body, "gitRepoUrl", str),
        github_gist_url=field(body, "gitHubGistUrl", str),
        folder=field(body, "localFolder", str),
        build_tag=field(body, "buildTag", str) or "latest",
        env_vars=tuple(_parse_env_var(each, known) for each in field(body, "envVars", list[dict[str, Any]]) or []),
        apply_env_vars_to_build=field(body, "applyEnvVarsToBuild", bool),
    )
    _check_host_paths(version, caller, known)
    has_operators_source = known is not None and known.by_host and git_url(known) == git_url(version)
    return replace(version, by_host=caller.has_control_token or has_operators_source)


def merge_version(body: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a version, completed by the `known` one. A source in the body replaces a known local folder."""
    has_source = "sourceFiles" in body or "sourceType" in body
    return {**known, **({"localFolder": None} if has_source else {}), **body}


def parse_new_env_var(body: Mapping[str, Any]) -> EnvVar:
    if field(body, "value", str) is None:
        raise Invalid("invalid-value", "A new environment variable needs a 'name' and a 'value'")
    return _parse_env_var(body, None)


def parse_run_env_vars(text: str | None, caller: Caller) -> tuple[EnvVar, ...]:
    """Variables for one run, as a Base64-encoded JSON array like `envVars`. Only `greenroom run` sends them.

    Raises Forbidden for every other caller: variables such as LD_PRELOAD or APIFY_... change what an Actor does.
    """
    if text is None:
        return ()
    if not caller.has_control_token:
        raise Forbidden("insufficient-permissions", "Only the server's operator can set variables of a single run")
    try:
        given = msgspec.convert(msgspec.json.decode(base64.urlsafe_b64decode(text)), list[dict[str, Any]])
    except (ValueError, msgspec.MsgspecError) as problem:
        raise Invalid(
            "invalid-input", f"The environment variables of the run must be a Base64-encoded JSON array: {problem}"
        ) from problem
    return tuple(map(parse_new_env_var, given))


def parse_changed_env_var(body: Mapping[str, Any], known: EnvVar) -> EnvVar:
    """A known variable with the changes in the body. A secret can become visible only with a new value."""
    name, value = field(body, "name", str), field(body, "value", str)
    if name is not None and name != known.name:
        raise Invalid("cannot-rename-env-var", f"The variable '{known.name}' can't be renamed to '{name}'")
    sent_secrecy = field(body, "isSecret", bool)
    is_secret = known.is_secret if sent_secrecy is None else sent_secrecy
    if value is None and known.is_secret and not is_secret:
        raise Invalid("invalid-value", f"To show the secret variable '{known.name}', send its 'value' with it")
    merged = {"name": known.name, "value": known.value if value is None else value, "isSecret": is_secret}
    return _parse_env_var(merged, None)


def _check_host_paths(sent: Version, caller: Caller, known: Version | None) -> None:
    """An Actor that holds a token of its user must not read the user's local files through a build."""
    new = host_paths(sent) - (host_paths(known) if known is not None else set())
    if new and not caller.has_control_token:
        raise Forbidden(
            "insufficient-permissions",
            f"Only the server's operator can build from local files ({', '.join(sorted(new))}):"
            " use `greenroom push`, or the token in server.json",
        )


def _parse_source_file(body: Mapping[str, Any]) -> SourceFile:
    name = field(body, "name", str)
    if name is None:
        raise Invalid("invalid-value", "Each of the 'sourceFiles' needs a 'name'")
    if field(body, "folder", bool):
        return SourceFile(name=name, folder=True)
    form = field(body, "format", str) or "TEXT"
    if form not in ("TEXT", "BASE64"):
        raise Invalid("invalid-value", f"Source file '{name}' has the format '{form}': it must be TEXT or BASE64")
    return SourceFile(name=name, format=form, content=field(body, "content", str) or "")


def _parse_env_var(body: Mapping[str, Any], known: Version | None) -> EnvVar:
    name, value = field(body, "name", str), field(body, "value", str)
    if not name or "=" in name or "\0" in name + (value or ""):
        raise Invalid("invalid-value", "Each of the 'envVars' needs a 'name' without '='")
    is_secret = field(body, "isSecret", bool)
    if value is None and is_secret and known is not None:
        value = next((each.value for each in known.env_vars if each.name == name), None)
    return EnvVar(name=name, value=value or "", is_secret=is_secret)
