"""Imports of modules that few servers need, when they are needed."""

from __future__ import annotations

import asyncio
import importlib


async def import_in_thread(*names: str) -> None:
    """Import these modules in a thread, because importing a large library would hold the event loop too long.

    Afterwards, `import` statements for them take no time.
    """
    await asyncio.to_thread(lambda: [importlib.import_module(name) for name in names])
