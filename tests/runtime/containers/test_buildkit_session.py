"""BuildKit's secrets, on a real engine."""

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


async def built(door: DockerContainers, folder: Path, mount: str, step: str, offered: Mapping[str, str]) -> list[str]:
    """The lines that the step printed."""
    (folder / "Dockerfile").write_text(f"FROM {BASE_IMAGE}\nRUN --mount=type=secret,{mount} {step}\n")
    tag, lines = f"greenroom-test-{secrets.token_hex(4)}", list[str]()
    spec = build_spec(folder, tag, buildkit=True, secrets=offered, use_cache=False)
    await door.build(spec, lines.extend)
    await door.remove_image(tag)
    return [line.partition(" ")[2] for line in lines]


@pytest.mark.parametrize("value", ["s3cret", "ünï \n two lines", "x" * 300_000])
async def test_a_step_reads_its_secret_whole(door: DockerContainers, tmp_path: Path, value: str) -> None:
    told = await built(door, tmp_path, "id=TOKEN,required", "sha256sum < /run/secrets/TOKEN", {"TOKEN": value})
    assert f"{hashlib.sha256(value.encode()).hexdigest()}  -" in told


async def test_a_secret_that_is_none_is_not_there(door: DockerContainers, tmp_path: Path) -> None:
    told = await built(door, tmp_path, "id=TOKEN", "ls /run/secrets/TOKEN || echo none", {"OTHER": "x"})
    assert "none" in told
    with pytest.raises(BuildFailed, match="TOKEN not found"):
        await built(door, tmp_path, "id=TOKEN,required", "true", {})


async def test_a_session_lasts_as_long_as_the_build(door: DockerContainers, tmp_path: Path) -> None:
    """BuildKit asks for the session's health all the time, and gives a build up without it."""
    connections = asyncio.all_tasks()
    told = await built(door, tmp_path, "id=TOKEN", "sleep 7; cat /run/secrets/TOKEN", {"TOKEN": "still here"})
    assert "still here" in told
    assert asyncio.all_tasks() <= connections
