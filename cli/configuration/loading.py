"""Reads the settings of a command, and compares those in a file with the settings of a running server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cli.errors import USAGE, CommandError
from runtime.base.configuration import Configuration, resolve, with_lines
from runtime.base.configuration_file import ConfigurationError, find_configuration
from runtime.base.setting_table import BY_KEY

RUN_TABLE = "run"
PORT = "server.port"


def load(folder: Path | None, options: Mapping[str, Any] | None = None) -> Configuration:
    """Return the settings for the project in a folder. Options that are None are not given. Raises CommandError."""
    with _translating_errors():
        return resolve(folder, options=options)


def file_of_project(folder: Path) -> Path | None:
    """Return the configuration file for a folder, whose settings are valid. Raises CommandError."""
    with _translating_errors():
        file = find_configuration(folder)
        for _ in file.settings() if file else ():
            pass
    return file.path if file else None


def current_folder() -> Path | None:
    """Return the current folder, or None if it has been deleted."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return None


def default_note(key: str) -> str:
    """Return the end of an option's help: where the default of its setting comes from."""
    setting = BY_KEY[key]
    return f"Default: ${setting.variable}, {key} in greenroom.toml, or {setting.shown_default.replace('`', '')}."


def differences(configuration: Configuration, running: Mapping[str, Any], *, is_temporary: bool) -> list[str]:
    """Describe the settings in a file that differ from those of a running server, `running`, by their keys.

    A temporary server chooses its own port.
    """
    in_file = {
        key: each for key, each in configuration.values.items() if each.is_from_file and each.setting.table != RUN_TABLE
    }
    differing = {
        key
        for key, each in in_file.items()
        if each.value != running.get(key, BY_KEY[key].default) and not (is_temporary and key == PORT)
    }
    if not differing:
        return []
    values = with_lines(configuration).values
    return [
        f"{values[key].origin}: {key} is {_text(key, values[key].value)} here, but the running server was started with"
        f" {_text(key, running.get(key))}. To change it, restart the server."
        for key in in_file
        if key in differing
    ]


@contextmanager
def _translating_errors() -> Iterator[None]:
    try:
        yield
    except ConfigurationError as error:
        raise CommandError(str(error), error.advice, exit_code=USAGE, code="invalid-configuration") from error


def _text(key: str, value: Any) -> str:
    setting = BY_KEY[key]
    if value is None and setting.default is None:
        return setting.default_text
    shown = setting.default if value is None else value
    return str(shown).lower() if isinstance(shown, bool) else str(shown)
