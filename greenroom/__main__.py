"""The `greenroom` command, as the installed script and as `python -m greenroom`."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
HOME = PACKAGE if (PACKAGE / "cli").is_dir() else PACKAGE.parent
"""The folder that holds `api`, `cli` and `runtime`: this package in a wheel, the repository's root in a checkout."""


def main() -> None:
    # An interrupt during the imports would end in a traceback. `cli/failures.py` unblocks it when it can handle it.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    # The names `api`, `cli` and `runtime` are common. HOME has to come before the current folder, PYTHONPATH and
    # site-packages, each of which can hold packages of the same names.
    sys.path.insert(0, str(HOME))
    from cli.main import main as run_command

    run_command()


if __name__ == "__main__":
    main()
