"""Builds on a stage, from inline source files."""

from __future__ import annotations

import json
from typing import Any

from runtime.base.records import Actor, Build, BuildOptions, SourceFile, Version
from tests.fakes.records import a_version
from tests.fakes.stage import META, Stage

DOCKERFILE = SourceFile(name="Dockerfile", content="FROM scratch")


def dockerfile(text: str) -> SourceFile:
    return SourceFile(name="Dockerfile", content=text)


def actor_json(**fields: Any) -> SourceFile:
    document = {"actorSpecification": 1, "name": "x", "version": "0.0", **fields}
    return SourceFile(name=".actor/actor.json", content=json.dumps(document))


async def an_actor_with_version(stage: Stage, *files: SourceFile, **fields: Any) -> tuple[Actor, Version]:
    """Create an Actor with one version: a minimal Dockerfile and these files, unless `fields` replace its source."""
    actor = await stage.orchestrator.actors.create(stage.user, None, ())
    version = a_version(**{"source_files": (DOCKERFILE, *files), **fields})
    return actor, await stage.orchestrator.versions.create(actor, version)


async def start_build(stage: Stage, actor: Actor, version: Version, tag: str = "latest", **options: Any) -> Build:
    build_options = BuildOptions(tag=tag, **options)
    return await stage.orchestrator.live_builds.start(stage.user, actor, version, build_options, META)


async def finished(stage: Stage, build: Build) -> Build:
    return await stage.orchestrator.builds.wait(build.id, 60)


async def build(stage: Stage, actor: Actor, version: Version, **options: Any) -> Build:
    """Build the version, and return the finished build."""
    return await finished(stage, await start_build(stage, actor, version, **options))


async def built(stage: Stage, *files: SourceFile, **fields: Any) -> Build:
    """Build a new Actor as `an_actor_with_version` creates it, and return the finished build."""
    return await build(stage, *await an_actor_with_version(stage, *files, **fields))
