"""The steps from a version's source to an image."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from runtime.base.records import Build, Definition, Version
from runtime.base.vault import Vault
from runtime.builds import fingerprints, work_trees
from runtime.builds.cancellation import in_thread
from runtime.builds.contexts import Context, pack
from runtime.builds.definition_reader import read_definition, warnings
from runtime.builds.dockerfile_selection import Recipe, find_recipe
from runtime.builds.images import BuildImages
from runtime.builds.sources import Source, Sources
from runtime.builds.web_server_port import port_variables
from runtime.containers import STAND_IN_LABEL, BuildSpec, Image
from runtime.jobs.logs import Log
from runtime.jobs.resource_limits import MBYTE

logger = logging.getLogger("greenroom.builds")


class Builder:
    """Builds images. The `workspaces` folder holds one folder for the files of each live build."""

    def __init__(self, *, sources: Sources, images: BuildImages, vault: Vault, workspaces: Path) -> None:
        self._sources = sources
        self._images = images
        self._vault = vault
        self._workspaces = workspaces

    async def build(self, build: Build, version: Version, log: Log) -> Build:
        """Build the image and return the build's record with it. Raises Invalid, BuildFailed, EngineUnavailable.

        Its files remain until `delete_files`.
        """
        folder = self._folder(build)
        folder.mkdir()
        source = await self._sources.fetch(version, folder, log.system)
        definition = await in_thread(lambda _: read_definition(source))
        log.append_text([f"ACTOR: {warning}" for warning in warnings(source, definition)])
        recipe = find_recipe(source, definition, folder / "Dockerfile", beta=build.options.beta_packages)
        variables = _build_variables(version)
        log.append_text([*_dockerfile_lines(recipe), *_missing_secrets(recipe, variables)])
        context = await in_thread(partial(pack, recipe.context, recipe.dockerfile_path, folder / "context.tar"))
        spec = self._spec(build, variables, recipe, context)
        fingerprint = await self._fingerprint(spec, recipe, context)
        image = await self._reused_image(build, fingerprint, log)
        if image is None:
            image = await self._built_image(spec, log)
            # The build may have pulled a base image that the engine did not have before.
            fingerprint = fingerprint or await self._fingerprint(spec, recipe, context)
        made = replace(
            build,
            fingerprint=fingerprint,
            folder=version.folder,
            context=_relative(recipe.context, source.actor_folder),
            copies=recipe.dockerfile.copies,
        )
        return _with_image(made, definition, image, log)

    async def read_definition(self, version: Version) -> Definition:
        """Read and check the definition in a version's source without building it. Raises Invalid."""
        if version.folder is not None:
            actor_folder = await asyncio.to_thread(Path(version.folder).resolve)
            in_place = Source(await work_trees.repository_root(actor_folder), actor_folder)
            return await asyncio.to_thread(read_definition, in_place)
        async with self._workspace() as folder:
            source = await self._sources.fetch(version, folder, lambda _line: None)
            return await asyncio.to_thread(read_definition, source)

    async def delete_files(self, build: Build) -> None:
        """Delete the files of an ended build. On a busy disk, this takes as long as the engine needs for an image."""
        try:
            await asyncio.to_thread(_delete, self._folder(build))  # they may be very many
        except OSError:  # the next server deletes them
            logger.exception("The files of build %s could not be deleted", build.id)

    async def delete_leftovers(self) -> None:
        """Delete the files and images that a crash of the server left behind."""
        shutil.rmtree(self._workspaces, ignore_errors=True)
        self._workspaces.mkdir()
        await self._images.delete_orphans()

    @asynccontextmanager
    async def _workspace(self) -> AsyncIterator[Path]:
        folder = Path(tempfile.mkdtemp(dir=self._workspaces))
        try:
            yield folder
        finally:
            await asyncio.to_thread(_delete, folder)

    def _folder(self, build: Build) -> Path:
        return self._workspaces / build.id

    def _spec(self, build: Build, variables: Mapping[str, str], recipe: Recipe, context: Context) -> BuildSpec:
        return BuildSpec(
            context=context.archive,
            dockerfile=context.dockerfile,
            tag=self._images.name(build),
            build_args={**variables, **recipe.build_args},
            use_cache=build.options.use_cache,
            memory_bytes=build.options.memory_mbytes * MBYTE,
            buildkit=recipe.dockerfile.needs_buildkit,
            images=recipe.dockerfile.images,
            secrets=variables if recipe.dockerfile.secrets else None,
        )

    async def _fingerprint(self, spec: BuildSpec, recipe: Recipe, context: Context) -> str:
        """Return the fingerprint, or an empty text if something is unknown, such as a base image that is not pulled.

        It is hashed with the vault's key: build arguments may be secrets, which could be guessed from a plain hash.
        """
        if not recipe.dockerfile.has_known_sources:
            return ""
        ids = await self._images.ids(spec.images)
        if ids is None:
            return ""
        fingerprint = fingerprints.fingerprint(context.digest, context.dockerfile, spec.build_args, ids)
        return self._vault.hmac_digest(fingerprint)

    async def _reused_image(self, build: Build, fingerprint: str, log: Log) -> Image | None:
        if not fingerprint or not build.options.use_cache:
            return None
        reused = await self._images.reuse(build, fingerprint)
        if reused is None:
            return None
        cached_build, image = reused
        log.system(f"ACTOR: Nothing changed since build {cached_build.number}. Reusing its image.")
        return image

    async def _built_image(self, spec: BuildSpec, log: Log) -> Image:
        log.system(f"ACTOR: Building container image (cache {'enabled' if spec.use_cache else 'disabled'}).")
        return await self._images.build(spec, log.append_text)


def _delete(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _build_variables(version: Version) -> dict[str, str]:
    """Return the variables that the Dockerfile can use, as build arguments and as secrets."""
    return {each.name: each.value for each in version.env_vars} if version.apply_env_vars_to_build else {}


def _relative(context: Path, actor_folder: Path) -> str:
    return os.path.relpath(context, actor_folder.resolve() if context.is_absolute() else actor_folder)


def _dockerfile_lines(recipe: Recipe) -> list[str]:
    if recipe.found_at:
        missing = f"ACTOR: .actor/actor.json names the Dockerfile '{recipe.missing}', but there is no such file."
        return [*([missing] if recipe.missing else []), f"ACTOR: Found Dockerfile at ./{recipe.found_at}"]
    base_image = recipe.dockerfile.text.partition("\n")[0]
    lines = [f"ACTOR: The source has no Dockerfile. Building with the default Node.js Dockerfile ({base_image})."]
    if not recipe.has_package:
        lines.append(
            "ACTOR: The source also has no package.json. If the Actor is not a Node.js Actor, add a Dockerfile."
        )
    return lines


def _missing_secrets(recipe: Recipe, variables: Mapping[str, str]) -> list[str]:
    return [
        f"ACTOR: The Dockerfile mounts the secret '{id}', which is not defined. Add it to the environment variables of"
        " the version, and set applyEnvVarsToBuild."
        for id in recipe.dockerfile.secrets
        if id not in variables
    ]


def _with_image(build: Build, definition: Definition, image: Image, log: Log) -> Build:
    stand_in = image.labels.get(STAND_IN_LABEL)
    if stand_in:
        log.system(f"ACTOR: This image is based on a local stand-in for its base image: {stand_in}.")
    return replace(
        build,
        image=image.id,
        image_size_bytes=image.size_bytes,
        image_environment=port_variables(image.environment),
        definition=definition.document,
        input_schema=definition.input_schema,
        readme=definition.readme,
        stand_in=stand_in,
    )
