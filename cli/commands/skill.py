"""`greenroom skill`: prints a page that explains Greenroom to coding agents."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import terminal
from cli.failures import Command
from cli.terminal import streams
from runtime.base.skill import skill_page

app = typer.Typer(add_completion=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object with the field `markdown`.")]


@app.command(cls=Command)
def skill(as_json: AsJson = False) -> None:
    """Print a page for coding agents: what Greenroom is, and which commands to use.

    A running server serves the same page at /greenroom/skill.

    Example: greenroom skill > .claude/skills/greenroom/SKILL.md
    """
    if as_json:
        terminal.print_json({"markdown": skill_page()})
    else:
        streams.stdout.write(skill_page())
        streams.stdout.flush()
