"""Secrets of BuildKit on a real engine."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Mapping
from pathlib import Path

import pytest

from runtime.containers import BuildFailed
from runtime.containers.docker import DockerContainers
from tests.runtime.containers.conftest import BASE_IMAGE, build_spec

pytestmark = pytest.mark.docker


async def build_with_secrets(
    door: DockerContainers, folder: Path, mount: str, step: str, offered: Mapping[str, str]
) -> list[str]:
    """Build an image; return the lines that the step printed."""
    (folder / "Dockerfile").write_text(f"FROM {BASE_IMAGE}\nRUN --mount=type=secret,{mount} {step}\n")
    tag, lines = f"greenroom-test-{secrets.token_hex(4)}", list[str]()
    spec = build_spec(folder, tag, buildkit=True, secrets=offered, use_cache=False)
    await door.build(spec, lines.extend)
    await door.remove_image(tag)
    return [line.partition(" ")[2] for line in lines]


@pytest.mark.parametrize("value", ["s3cret", "ünï \n two lines", "x" * 300_000])
async def test_a_step_reads_the_complete_secret(door: DockerContainers, tmp_path: Path, value: str) -> None:
    lines = await build_with_secrets(
        door, tmp_path, "id=TOKEN,required", "sha256sum < /run/secrets/TOKEN", {"TOKEN": value}
    )
    assert f"{hashlib.sha256(value.encode()).hexdigest()}  -" in lines


async def test_an_undefined_secret_does_not_exist(door: DockerContainers, tmp_path: Path) -> None:
    lines = await build_with_secrets(door, tmp_path, "id=TOKEN", "ls /run/secrets/TOKEN || echo none", {"OTHER": "x"})
    assert "none" in lines
    with pytest.raises(BuildFailed, match="TOKEN not found"):
        await build_with_secrets(door, tmp_path, "id=TOKEN,required", "true", {})


async def test_a_session_lasts_as_long_as_the_build(door: DockerContainers, tmp_path: Path) -> None:
    """BuildKit checks the health of the session regularly, and cancels the build without it."""
    connections = asyncio.all_tasks()
    lines = await build_with_secrets(
        door, tmp_path, "id=TOKEN", "sleep 7; cat /run/secrets/TOKEN", {"TOKEN": "still here"}
    )
    assert "still here" in lines
    assert asyncio.all_tasks() <= connections
