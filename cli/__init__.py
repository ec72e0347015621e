"""The `greenroom` command."""

from __future__ import annotations

from runtime.base.skipped_imports import skip_import

skip_import("httpx._main")  # the command line of httpx: importing it takes as long as the rest of httpx
