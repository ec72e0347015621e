"""Runs the benchmarks named on the command line, else all of them."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import live_runs, run_start
from tests.live import LiveServer

BENCHMARKS: dict[str, Callable[[LiveServer], None]] = {"run_start": run_start.measure, "live_runs": live_runs.measure}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"No benchmark is called {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as folder:
        server = LiveServer(Path(folder))
        server.start()
        try:
            for name in names or BENCHMARKS:
                BENCHMARKS[name](server)
        finally:
            server.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
