"""What a build is made of as one short text: the same one makes the same image."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping


def fingerprint(context: str, dockerfile: str, build_args: Mapping[str, str], images: Mapping[str, str]) -> str:
    """Of a context's digest, the Dockerfile's name in it, and the ids of the images that it names."""
    made_of = [context, dockerfile, dict(build_args), dict(images)]
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()
