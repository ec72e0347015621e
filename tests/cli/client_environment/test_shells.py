from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from cli.client_environment.shells import SHELLS, ShellName, current_shell, lines_of

VALUE = "a 'b' \"c\" $HOME `id` \\ ; & | é %"
VARIABLES = {"FIRST": VALUE, "SECOND": None}


@pytest.mark.parametrize("name", [name for name in ShellName if shutil.which(name)])
def test_a_shell_that_is_installed_gets_the_value_unchanged(name: ShellName) -> None:
    script = "\n".join([*lines_of(VARIABLES, SHELLS[name], "greenroom env"), "env"])
    environment = {"PATH": os.environ["PATH"], "SECOND": "old"}
    shown = subprocess.run([name, "-c", script], env=environment, capture_output=True, text=True, check=True).stdout
    assert f"FIRST={VALUE}\n" in shown and "SECOND=" not in shown


def test_a_command_of_several_lines_is_not_a_comment() -> None:
    lines = lines_of({"A": "b"}, SHELLS[ShellName.SH], "greenroom env --data-dir 'a\nb'")
    assert lines == ["export A=b"]


def test_the_lines_of_fish() -> None:
    assert lines_of({"A": "it's \\ $B", "C": None}, SHELLS[ShellName.FISH], "greenroom env") == [
        "set -gx A 'it\\'s \\\\ $B'",
        "set -e C",
        "# To set these variables, run: greenroom env | source",
    ]


def test_the_lines_of_powershell() -> None:
    assert lines_of({"A": "it's ’ $B", "C": None}, SHELLS[ShellName.POWERSHELL], "greenroom env") == [
        "$Env:A = 'it''s ’’ $B'",
        "Remove-Item -ErrorAction SilentlyContinue Env:C",
        "# To set these variables, run: greenroom env | Out-String | Invoke-Expression",
    ]


@pytest.mark.parametrize(
    ("path", "name"),
    [("/bin/zsh", "zsh"), ("/usr/bin/fish", "fish"), ("/bin/csh", "sh"), ("", "sh"), ("/usr/bin/pwsh", "powershell")],
)
def test_the_shell_of_the_user(path: str, name: str) -> None:
    assert current_shell({"SHELL": path}) == name
