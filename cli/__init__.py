"""The `greenroom` command."""

from __future__ import annotations

import sys
from typing import Any, cast

# httpx imports its own command line if it can, which takes as long as the rest of it. None makes that import fail.
cast(dict[str, Any], sys.modules).setdefault("httpx._main", None)
