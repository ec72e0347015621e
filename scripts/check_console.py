"""Checks types, style and logic of the web console: `python -m scripts.check_console`, which `make check` calls."""

from __future__ import annotations

import subprocess
import sys

from scripts.build_console import ROOT, NoNode, check


def main() -> None:
    try:
        check(ROOT)
    except (NoNode, subprocess.CalledProcessError) as problem:
        sys.exit(f"console: the checks of the web console failed: {problem}")


if __name__ == "__main__":
    main()
