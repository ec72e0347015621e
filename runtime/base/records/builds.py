"""Builds of Actor versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from runtime.base.clock import Millis
from runtime.base.json_text import Json
from runtime.base.lifecycle import JobStatus
from runtime.base.records.actors import EnvVar
from runtime.base.records.jobs import Meta
from runtime.base.records.webhooks import WebhookEvent

BUILD_MEMORY_MBYTES = 4096
"""The memory of every build, as on the platform."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    tag: str
    use_cache: bool = True
    beta_packages: bool = False
    memory_mbytes: int = BUILD_MEMORY_MBYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCopy:
    """A COPY of a Dockerfile: files of the context that the image contains.

    `source` is a path or pattern in the context. A relative `target` starts at the image's working directory. With
    `into_folder`, a file gets its own name below `target`.
    """

    source: str
    target: str
    into_folder: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """A build of an Actor.

    `image` is the engine's id of the built image, `definition` the document of a Definition. Builds with the same
    `fingerprint` have identical content; it is empty if the content is unknown. `env_vars` are those of the version
    when the build started. `number_int` sorts builds as the platform does. `pending_events` are events that have not
    been dispatched to webhooks yet, as in a Run. `stand_in` describes the local image that replaced the base image.

    Source: `folder` is the local folder that the build was made from, and `context` its build context, relative to the
    Actor's folder. `copies` are the files of the context in the image; None for a build of an earlier version.
    """

    id: str
    user_id: str
    actor_id: str
    version_number: str
    number: str
    number_int: int
    status: JobStatus
    started_at: Millis
    meta: Meta
    options: BuildOptions
    finished_at: Millis | None = None
    status_message: str | None = None
    env_vars: tuple[EnvVar, ...] = ()
    image: str | None = None
    fingerprint: str = ""
    image_size_bytes: int = 0
    image_environment: Mapping[str, str] = field(default_factory=dict)
    definition: Mapping[str, Json] = field(default_factory=dict)
    input_schema: Mapping[str, Json] | None = None
    readme: str | None = None
    stand_in: str | None = None
    folder: str | None = None
    context: str = "."
    copies: tuple[SourceCopy, ...] | None = None
    pending_events: Mapping[str, WebhookEvent] = field(default_factory=dict)
