"""Images that contain one tiny program and nothing else. They are imported, so no registry is needed."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Mapping
from io import BytesIO

import docker

PROGRAM = "/program"


def import_image(api: docker.APIClient, program: bytes, labels: Mapping[str, str]) -> str:
    """Create an image without a name, with the PROGRAM, and return its id. Blocks the thread."""
    changes = [f'LABEL {name}="{value}"' for name, value in labels.items()]
    response = api.import_image_from_data(_archive(program), changes=changes)
    return str(json.loads(response)["status"])


def _archive(program: bytes) -> bytes:
    archive = BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        entry = tarfile.TarInfo(PROGRAM.removeprefix("/"))
        entry.size, entry.mode = len(program), 0o755
        tar.addfile(entry, BytesIO(program))
    return archive.getvalue()
