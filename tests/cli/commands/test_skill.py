"""The page for coding agents. Its commands have to exist, with the options that it shows."""

from __future__ import annotations

import json
import re
import shlex

import pytest
from typer.testing import CliRunner

from cli.command_table import load
from cli.main import COMMANDS, app
from runtime.base.skill import skill_page

SHOWN = sorted(set(re.findall(r"`(greenroom [^`]+)`", skill_page())))


def test_it_is_printed(cli: CliRunner) -> None:
    assert cli.invoke(app, ["skill"]).stdout == skill_page()
    assert json.loads(cli.invoke(app, ["skill", "--json"]).stdout) == {"markdown": skill_page()}


def test_agents_find_its_name_and_description() -> None:
    head = skill_page().split("---\n")[1]
    assert [line.split(": ")[0] for line in head.splitlines()] == ["name", "description"]


@pytest.mark.parametrize("line", SHOWN)
def test_each_command_exists_with_its_options(line: str) -> None:
    name, *words = shlex.split(line)[1:]
    assert name in COMMANDS
    command = load(name)
    if hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    own_words = words[: words.index("--")] if "--" in words else words
    given = {word for word in own_words if re.match(r"--?[a-z]", word)}
    assert given <= {option for param in command.params for option in param.opts}, line
