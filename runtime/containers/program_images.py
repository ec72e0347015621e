"""Images that contain one tiny program or nothing. They are imported, so no registry is needed."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Mapping
from io import BytesIO

import docker

PROGRAM = "/program"
"""The path of the program in its image."""


def import_image(api: docker.APIClient, program: bytes | None, labels: Mapping[str, str]) -> str:
    """Create an image without a name, and return its id. Without a program, it is empty. Blocks the thread."""
    changes = [f'LABEL {name}="{value}"' for name, value in labels.items()]
    response = api.import_image_from_data(_archive(program), changes=changes)
    return str(json.loads(response)["status"])


def _archive(program: bytes | None) -> bytes:
    archive = BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        if program is not None:
            entry = tarfile.TarInfo(PROGRAM.removeprefix("/"))
            entry.size, entry.mode = len(program), 0o755
            tar.addfile(entry, BytesIO(program))
    return archive.getvalue()
