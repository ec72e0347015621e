from __future__ import annotations

import os

import docker
import pytest

IMAGE = "apify/actor-python:3.13"
MEGABYTE = 1_000_000
FILL_THE_DISK = """
import errno, os
try:
    with open("/filling", "wb", buffering=0) as file:
        while True:
            file.write(bytes(1_000_000))
except OSError as error:
    print(errno.errorcode[error.errno], os.path.getsize("/filling"))
"""


@pytest.mark.docker
def test_a_write_beyond_the_disk_limit_fails() -> None:
    """btrfs counts the image too, so the limit is the size of the image plus 100 MB."""
    host = os.environ.get("GREENROOM_HARD_DISK_DOCKER_HOST") or pytest.skip("make test starts the engine for this test")
    engine = docker.DockerClient(base_url=host)
    size = engine.images.get(IMAGE).attrs["Size"] + 100 * MEGABYTE
    output = engine.containers.run(IMAGE, ["python", "-c", FILL_THE_DISK], remove=True, storage_opt={"size": str(size)})
    error, written = output.decode().split()
    assert error in ("EDQUOT", "ENOSPC")
    assert 50 * MEGABYTE < int(written) < 105 * MEGABYTE
