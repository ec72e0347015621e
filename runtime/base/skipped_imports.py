"""Optional modules that libraries import if they can, and that this project does not use."""

from __future__ import annotations

import sys
from typing import Any, cast


def skip_import(name: str) -> None:
    """Make imports of a module fail immediately, as if it were not installed. One that is loaded stays."""
    cast(dict[str, Any], sys.modules).setdefault(name, None)
