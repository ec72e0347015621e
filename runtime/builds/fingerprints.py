"""Fingerprints: builds with the same fingerprint have the same sources and therefore the same image."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping


def fingerprint(context: str, dockerfile: str, build_args: Mapping[str, str], images: Mapping[str, str]) -> str:
    """Hash the context's digest, the Dockerfile's name, the build arguments, and the ids of the Dockerfile's images."""
    inputs = [context, dockerfile, dict(build_args), dict(images)]
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
