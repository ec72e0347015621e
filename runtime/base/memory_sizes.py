"""Memory sizes of runs as users write them: megabytes, or a number with a unit."""

from __future__ import annotations

import re

MIN_MEMORY_MBYTES = 128
MAX_MEMORY_MBYTES = 32_768
ALL_SIZES = tuple(2**exponent for exponent in range(7, 16))
"""The memory sizes of the platform in megabytes: powers of two."""
MBYTES_PER_UNIT = {"": 1, "m": 1, "g": 1024}
MEMORY = re.compile(r"(\d+(?:\.\d+)?)\s*(?:([mg])i?b?)?", re.IGNORECASE | re.ASCII)
"""`512`, `512m`, `512 MB`, `4g`, `1.5GB`."""


def parse_memory(text: str) -> int:
    """Return the memory in megabytes. Raises ValueError with the reason."""
    match = MEMORY.fullmatch(text.strip())
    if not match:
        raise ValueError(f"'{text}' is not a memory size: use megabytes such as 512, or a unit as in 512m or 4g")
    mbytes = float(match[1]) * MBYTES_PER_UNIT[(match[2] or "").lower()]
    if not MIN_MEMORY_MBYTES <= mbytes <= MAX_MEMORY_MBYTES or mbytes != int(mbytes):
        raise ValueError(
            f"'{text}' is not possible: a run has whole megabytes from {MIN_MEMORY_MBYTES} (128m)"
            f" to {MAX_MEMORY_MBYTES} (32g)"
        )
    return int(mbytes)
