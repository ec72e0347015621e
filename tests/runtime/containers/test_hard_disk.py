"""Storage quotas on an engine that has them (see scripts/hard_disk_engine.sh)."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from runtime.containers import DiskEnforcement
from runtime.containers.docker import DockerContainers
from tests.runtime.containers.conftest import MIB, build_script_image, build_spec, clean_up, container_spec, text_of

HOST = os.environ.get("GREENROOM_HARD_DISK_DOCKER_HOST")

pytestmark = [
    pytest.mark.docker,
    pytest.mark.skipif(not HOST, reason="GREENROOM_HARD_DISK_DOCKER_HOST, an engine with storage quotas, is not set"),
]

WRITE = """
import errno
written = 0
try:
    with open('/tmp/hog', 'wb', 0) as hog:
        while True:
            written += hog.write(bytes(1 << 20))
except OSError as error:
    print(written, errno.errorcode[error.errno])
"""


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory, engine_problem: str | None) -> Iterator[str]:
    if engine_problem:
        yield ""
    else:
        yield from build_script_image(tmp_path_factory.mktemp("context"), HOST)


@pytest.fixture
async def door(image: str) -> AsyncIterator[DockerContainers]:
    door = DockerContainers(f"test-{secrets.token_hex(4)}", docker_host=HOST)
    await door.open()
    yield door
    await clean_up(door)


async def test_a_write_over_the_limit_fails(door: DockerContainers, image: str) -> None:
    assert door.engine.disk is DiskEnforcement.HARD
    await _check_limit(door, image)


async def test_the_size_of_the_image_does_not_count(door: DockerContainers, image: str, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {image}\nRUN head -c 100M /dev/urandom > /blob\n")
    tag = f"greenroom-test-{secrets.token_hex(4)}"
    built = await door.build(build_spec(tmp_path, tag), lambda lines: None)
    await _check_limit(door, built.id)
    for container in await door.list():
        await container.remove()
    await door.remove_image(tag)


async def _check_limit(door: DockerContainers, image: str) -> None:
    container = await door.create(container_spec(image, WRITE, disk_bytes=256 * MIB))
    await container.start()
    written, error = (await text_of(container)).split()
    assert int(written) == pytest.approx(256 * MIB, rel=0.05)
    assert error in ("ENOSPC", "EDQUOT")
