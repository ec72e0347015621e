"""The `greenroom` command as a file that Python runs by its path.

The command starts its own child processes with this file, because it is beside `cli/main.py` both in a checkout and
in a wheel. Users start `greenroom/__main__.py`.
"""

from __future__ import annotations

import sys
from pathlib import Path

# First on the path, for the reason that greenroom/__main__.py gives.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cli.main import main

main()
