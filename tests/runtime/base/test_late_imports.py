from __future__ import annotations

import sys

import pytest

from runtime.base.late_imports import import_in_thread


async def test_the_modules_are_imported() -> None:
    await import_in_thread("colorsys", "json.tool")
    assert {"colorsys", "json.tool"} <= sys.modules.keys()


async def test_a_missing_module_is_an_error() -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        await import_in_thread("no_such_module")
