"""Builds on a real engine."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.builds.contexts import OUTSIDE
from runtime.containers import BuildFailed, PullFailed, WrongArchitecture
from runtime.containers.docker import DockerContainers
from runtime.containers.image_builder import build_error
from tests.fakes.http_server import Handler, serving
from tests.runtime.containers.conftest import BASE_IMAGE, build_spec

pytestmark = pytest.mark.docker


async def test_a_build_delivers_its_log_and_applies_dockerignore(door: DockerContainers, tmp_path: Path) -> None:
    tag = f"greenroom-test-{secrets.token_hex(4)}:1"
    (tmp_path / ".actor").mkdir()
    (tmp_path / ".actor/Dockerfile").write_text(
        f"FROM {BASE_IMAGE}\nARG WHO=nobody\nCOPY . /context\n"
        'RUN echo "hello $WHO" && ls -A /context && echo trouble >&2\nENV ANSWER=42\n'
    )
    (tmp_path / ".dockerignore").write_text("# comment\nsecret*\n!secret_not\n")
    for name in ("file", "secret", "secret_not"):
        (tmp_path / name).touch()
    lines: list[str] = []
    spec = build_spec(tmp_path, tag, dockerfile=tmp_path / ".actor/Dockerfile", build_args={"WHO": "world"})
    image = await door.build(spec, lines.extend)
    assert {"hello world", "file", "secret_not", "trouble"} <= set(lines)
    assert "secret" not in lines
    assert image.environment["ANSWER"] == "42" and image.size_bytes > 0
    found = await door.image(tag)
    assert found and found.id == image.id
    repository = tag.partition(":")[0]
    assert await door.image_names(repository) == [tag]
    await door.name_image(image, f"{repository}:2")
    await door.name_image(image, f"{repository}-other:1")
    assert sorted(await door.image_names(repository)) == [f"{repository}:1", f"{repository}:2"]
    for name in (f"{repository}-other:1", f"{repository}:2", tag):
        await door.remove_image(name)
    assert await door.image_names(repository) == []
    await door.remove_image(tag)
    assert await door.image(tag) is None


@pytest.mark.parametrize(
    ("dockerfile", "message"),
    [
        (f"FROM {BASE_IMAGE}\nRUN echo before && exit 7\n", "returned a non-zero code: 7"),
        (f"FROM {BASE_IMAGE}\nRUN --mount=type=cache,target=/x true\n", "classic builder"),
        ("FROM greenroom-test-none.invalid/none:1\n", "greenroom-test-none.invalid"),
        ("NONSENSE\n", "(?i)nonsense"),
    ],
)
async def test_the_error_of_a_failed_build_shows_the_reason(
    door: DockerContainers, tmp_path: Path, dockerfile: str, message: str
) -> None:
    (tmp_path / "Dockerfile").write_text(dockerfile)
    with pytest.raises(BuildFailed, match=message):
        await door.build(build_spec(tmp_path, f"greenroom-test-{secrets.token_hex(4)}"), lambda lines: None)


@pytest.mark.parametrize("name", ["UPPER:x", "a b", "../version", "a\0"])
async def test_there_is_no_image_with_an_invalid_name(door: DockerContainers, name: str) -> None:
    assert await door.image(name) is None


@pytest.mark.parametrize("buildkit", [False, True])
async def test_a_dockerfile_can_be_outside_of_the_folder(
    door: DockerContainers, tmp_path: Path, buildkit: bool
) -> None:
    (tmp_path / "context").mkdir()
    (tmp_path / "context/file").touch()
    (tmp_path / "Dockerfile").write_text(f"FROM {BASE_IMAGE}\nCOPY . /x\nRUN echo contains $(ls -A /x)\n")
    lines: list[str] = []
    tag = f"greenroom-test-{secrets.token_hex(4)}"
    spec = build_spec(tmp_path / "context", tag, dockerfile=tmp_path / "Dockerfile", buildkit=buildkit, use_cache=False)
    await door.build(spec, lines.extend)
    listing = next(line for line in lines if " file" in line and "$" not in line)
    # BuildKit does not remove the Dockerfile from the context.
    assert listing == "contains file" or (buildkit and OUTSIDE in listing)
    await door.remove_image(tag)


async def test_images_for_buildkit_are_pulled_before_the_build(door: DockerContainers, tmp_path: Path) -> None:
    name = "greenroom-test-none.invalid/none:1"
    (tmp_path / "Dockerfile").write_text(f"FROM {name}\n")
    spec = build_spec(tmp_path, "greenroom-test-none", buildkit=True, images=[name])
    lines: list[str] = []
    with pytest.raises(PullFailed, match=r"greenroom-test-none\.invalid"):
        await door.build(spec, lines.extend)
    assert lines == []


async def test_an_image_that_cannot_be_pulled_is_a_failed_pull(door: DockerContainers, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM greenroom-test-none.invalid/none:1\n")
    lines: list[str] = []
    with pytest.raises(PullFailed, match="Get "):
        await door.build(build_spec(tmp_path, "greenroom-test-none"), lines.extend)
    assert lines == ["Step 1/1 : FROM greenroom-test-none.invalid/none:1"]


async def test_an_invalid_image_name_is_an_error_with_buildkit_too(door: DockerContainers, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM UPPER:x\n")
    spec = build_spec(tmp_path, "greenroom-test-none", buildkit=True, images=["UPPER:x"])
    with pytest.raises(BuildFailed, match=r"invalid reference format|must be lowercase"):
        await door.build(spec, lambda lines: None)


async def test_the_error_for_an_unsupported_here_document_gives_advice(door: DockerContainers, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {BASE_IMAGE}\nRUN <<EOT\necho built\nEOT\n")
    lines: list[str] = []
    try:
        await door.build(build_spec(tmp_path, "greenroom-test-none", buildkit=True), lines.extend)
    except BuildFailed as error:
        assert "# syntax=docker/dockerfile:1" in str(error)
    else:
        await door.remove_image("greenroom-test-none")
        assert any(line.endswith(" built") for line in lines)


async def test_the_error_for_an_engine_without_buildkit_names_the_required_version(
    door: DockerContainers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {BASE_IMAGE}\n")
    monkeypatch.setattr("docker.APIClient.api_version", "1.38")
    with pytest.raises(BuildFailed, match=r"needs BuildKit.* its API version is 1\.38, but 1\.39 is required"):
        await door.build(build_spec(tmp_path, "greenroom-test-none", buildkit=True), lambda lines: None)


class Registry(Handler):
    """A registry whose only image does not exist for this machine's platform."""

    def do_GET(self) -> None:
        manifest = {
            "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "size": 1000,
            "digest": f"sha256:{'0' * 64}",
            "platform": {"architecture": "s390x", "os": "linux"},
        }
        media_type = "application/vnd.docker.distribution.manifest.list.v2+json"
        body = json.dumps({"schemaVersion": 2, "mediaType": media_type, "manifests": [manifest]}).encode()
        self.respond(
            200,
            body,
            Content_Type="application/json" if self.path == "/v2/" else media_type,
            Docker_Content_Digest=f"sha256:{hashlib.sha256(body).hexdigest()}",
        )

    do_HEAD = do_GET


@pytest.fixture
def registry() -> Iterator[str]:
    with serving(Registry) as address:
        yield address


@pytest.mark.parametrize("buildkit", [False, True])
@pytest.mark.parametrize("is_named", [True, False])
async def test_an_image_that_only_exists_for_another_architecture(
    door: DockerContainers, tmp_path: Path, registry: str, buildkit: bool, is_named: bool
) -> None:
    if not door.engine.reaches_containers:
        pytest.skip("the engine does not reach this host's loopback")
    name = f"{registry}/other:1"
    (tmp_path / "Dockerfile").write_text(f"ARG BASE={name}\nFROM ${{BASE}}\n")
    spec = build_spec(tmp_path, "greenroom-test-none", buildkit=buildkit, images=[name] if is_named else [])
    with pytest.raises(WrongArchitecture):
        await door.build(spec, lambda lines: None)


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("no matching manifest for linux/arm64/v8 in the manifest list entries", WrongArchitecture),
        ("no match for platform in manifest sha256:1: not found", WrongArchitecture),
        ("image with reference a was found but does not match the specified platform", WrongArchitecture),
        ("manifest for a:1 not found", PullFailed),
        ('Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host', PullFailed),
        ("pull access denied for a, repository does not exist or may require 'docker login'", PullFailed),
        ("toomanyrequests: You have reached your pull rate limit.", PullFailed),
        ("failed to resolve source metadata for docker.io/library/a:1: failed to do request", PullFailed),
        ("The command '/bin/sh -c curl -f https://x/v2/' returned a non-zero code: 1", BuildFailed),
        ("failed to solve with frontend dockerfile.v0: dockerfile parse error line 4: x", BuildFailed),
    ],
)
def test_causes_of_failed_builds_are_distinguished(message: str, error: type) -> None:
    assert type(build_error(message)) is error


async def test_a_cancelled_build_stops(door: DockerContainers, tmp_path: Path) -> None:
    mark = secrets.token_hex(6)
    (tmp_path / "Dockerfile").write_text(f"FROM {BASE_IMAGE}\nRUN echo {mark} && sleep 500\n")
    running = asyncio.Event()

    def log(lines: list[str]) -> None:
        if mark in lines:
            running.set()

    building = asyncio.create_task(door.build(build_spec(tmp_path, f"greenroom-test-{mark}"), log))
    await running.wait()
    building.cancel()
    with pytest.raises(asyncio.CancelledError):
        await building

    async def steps() -> list[str]:
        return [c["Id"] for c in await door.connection.call(door.connection.api.containers) if mark in c["Command"]]

    async with asyncio.timeout(60):
        while await steps():  # noqa: ASYNC110
            await asyncio.sleep(0.1)
