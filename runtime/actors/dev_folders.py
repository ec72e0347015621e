"""The local folder of an Actor, whose current files its runs mount over those of their images."""

from __future__ import annotations

import asyncio
from pathlib import Path

from runtime.actors.actors import Actors
from runtime.base.errors import Invalid
from runtime.base.records import Actor


async def set_dev_folder(actors: Actors, actor: Actor, folder: str | None) -> Actor:
    """Let the Actor's runs mount a local folder, or none. Raises Invalid, NotFound."""
    if folder is not None and not await asyncio.to_thread(_is_folder, folder):
        raise Invalid("invalid-value", f"{folder!r} must be the absolute path of an existing folder")
    return await actors.update(actor, lambda _: {"dev_folder": folder})


def _is_folder(path: str) -> bool:
    return "\0" not in path and Path(path).is_absolute() and Path(path).is_dir()
