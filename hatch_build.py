"""Adds the built web console to wheels and source distributions. An editable installation uses console/dist itself."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PARTS = ("index.html", "assets", ".sources")


class ConsoleHook(BuildHookInterface):  # type: ignore[type-arg]
    """A source distribution contains the build, so that the wheel that is built from it needs no Node.js."""

    def dependencies(self) -> list[str]:
        """Node.js, if the console has to be built and there is no npm."""
        builder = self._builder()
        needs_node = not builder.is_built(Path(self.root)) and builder.find_npm() is None
        return [builder.NODE_PACKAGE] if needs_node else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the console, and add its files. Raises NoNode, and CalledProcessError if npm fails."""
        if version == "editable":
            return
        self._builder().build(Path(self.root))
        target = "console/dist" if self.target_name == "sdist" else "greenroom/console/dist"
        for part in PARTS:
            build_data["force_include"][f"{self.root}/console/dist/{part}"] = f"{target}/{part}"

    def _builder(self) -> ModuleType:
        sys.path.insert(0, self.root)
        try:
            from scripts import build_console
        finally:
            sys.path.remove(self.root)
        return build_console
