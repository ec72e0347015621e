"""The settings in force, each with the place that it comes from.

A later place takes precedence: defaults, the configuration file of the project, GREENROOM_* variables, options.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runtime.base.configuration_file import (
    ConfigurationError,
    ConfigurationFile,
    close_matches,
    find_configuration,
    read_configuration,
)
from runtime.base.setting_table import BY_KEY, SETTINGS, Setting, text_of

CONFIG_VARIABLE = "GREENROOM_CONFIG"
"""The path of the configuration file, instead of the nearest one, or NO_FILE."""
NO_FILE = "none"
PREFIX = "GREENROOM_"
LEAST_SIMILARITY = 0.9
"""All names have the same prefix, so they are similar anyway."""
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Value:
    """The value of a setting. `origin` is FILE:LINE, a variable, an option or DEFAULT."""

    setting: Setting
    value: Any
    origin: str = DEFAULT
    is_from_file: bool = False

    @property
    def masked(self) -> Any:
        """The value without passwords and tokens."""
        mask = self.setting.mask
        return self.value if mask is None or self.value is None else mask(self.value)


@dataclass(frozen=True, slots=True)
class Configuration:
    """All settings by their keys, such as `server.plan`. `file` is the configuration file, if there is one."""

    values: Mapping[str, Value] = field(default_factory=dict)
    file: Path | None = None

    def __getitem__(self, key: str) -> Any:
        return self.values[key].value

    @property
    def server_values(self) -> Mapping[str, Any]:
        """The settings of a server that are not their defaults, without secrets."""
        return {
            key: each.masked
            for key, each in self.values.items()
            if each.setting.table != "run" and each.origin != DEFAULT
        }

    def server_variables(self) -> dict[str, str]:
        """Return the settings of a server that the file contains, as variables."""
        return {
            each.setting.variable: text_of(each.value)
            for each in self.values.values()
            if each.is_from_file and each.setting.table != "run" and each.setting.variable
        }


def resolve(
    folder: Path | None,
    *,
    options: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Configuration:
    """Return the settings for a folder, or for no folder. Options that are None are not given.

    Raises ConfigurationError.
    """
    file = _file(folder, environment)
    values = {setting.key: Value(setting, setting.default) for setting in SETTINGS}
    if file is not None:
        for setting, value in file.settings():
            values[setting.key] = Value(setting, value, file.path.name, is_from_file=True)
    for setting in SETTINGS:
        text = environment.get(setting.variable) if setting.variable else None
        if setting.variable and text:
            values[setting.key] = Value(setting, _of_variable(setting, text), setting.variable)
    for key, given in (options or {}).items():
        if given is not None:
            values[key] = Value(BY_KEY[key], _combined(values[key], given), BY_KEY[key].option or key)
    return Configuration(values, file.path if file else None)


def misspelled_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Return variables that are probably meant as settings, with the names that exist.

    Other names that begin with GREENROOM_ may belong to other programs.
    """
    known = [each.variable for each in SETTINGS if each.variable] + [CONFIG_VARIABLE]
    unknown = [name for name in environment if name.startswith(PREFIX) and name not in known]
    return {name: close[0] for name in unknown if (close := close_matches(name, known, LEAST_SIMILARITY))}


def with_lines(configuration: Configuration) -> Configuration:
    """Return the configuration with the lines of the file in the origins, which takes time for a large file."""
    if configuration.file is None:
        return configuration
    file = read_configuration(configuration.file)
    values = {
        key: Value(each.setting, each.value, file.place(each.setting.table, each.setting.name), is_from_file=True)
        if each.is_from_file
        else each
        for key, each in configuration.values.items()
    }
    return Configuration(values, configuration.file)


def _file(folder: Path | None, environment: Mapping[str, str]) -> ConfigurationFile | None:
    given = environment.get(CONFIG_VARIABLE)
    if given == NO_FILE:
        return None
    if given:
        return read_configuration(Path(given).resolve())
    return None if folder is None else find_configuration(folder)


def _of_variable(setting: Setting, text: str) -> Any:
    try:
        return setting.kind.parse(text)
    except ValueError as error:
        # Some parsers name the variable themselves.
        reason = str(error).removeprefix(f"{setting.variable} ")
        raise ConfigurationError(f"{setting.variable} {reason}.") from error


def _combined(previous: Value, given: Any) -> Any:
    """Return the value of an option. A table of an option adds to the table of the file."""
    if isinstance(given, Mapping) and isinstance(previous.value, Mapping):
        return {**previous.value, **given}
    return given
