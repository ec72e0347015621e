"""`python -m cli` is the `greenroom` command."""

from __future__ import annotations

from cli.main import main

main()
