"""The kinds of settings: how a value in TOML, or the text of a variable, becomes the value of a setting."""

from __future__ import annotations

import datetime
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from runtime.base.memory_sizes import parse_memory
from runtime.base.outbound_policy import parse_policy
from runtime.base.plans import PLANS, parse_prices
from runtime.base.proxy_settings import parse_proxy_settings

FLAGS = {"0": False, "1": True}
LEVELS = ("limited", "full")
SHOWN_CHARS = 60
MASK = "***"
SECRET_NAME = re.compile(r"TOKEN|PASSWORD|PASSPHRASE|SECRET|KEY|CREDENTIAL", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Kind:
    """`name` describes the values to users. TOML values of other types than `types` are rejected.

    `parse` takes a TOML value of one of these types, or the text of a variable. It raises ValueError with the end of a
    sentence that begins with the name of the setting.
    """

    name: str
    types: tuple[type, ...]
    parse: Callable[[Any], Any]

    def parse_toml(self, value: Any) -> Any:
        """Parse a value of a TOML file. Raises ValueError."""
        is_accepted = isinstance(value, self.types) and (bool in self.types or not isinstance(value, bool))
        if not is_accepted:
            raise ValueError(f"must be {self.name}, not {_shown(value)}")
        return self.parse(value)


def _number(least: float, *, excludes_least: bool = False, name: str = "") -> Kind:
    meaning = name or f"a number {'greater than' if excludes_least else 'of at least'} {least:g}"

    def parse(value: Any) -> float:
        try:
            number = float(value)
        except (ValueError, OverflowError):
            number = math.nan
        if not least <= number < math.inf or (excludes_least and number == least):
            raise ValueError(f"must be {meaning}, not {_shown(value)}")
        return number

    return Kind(meaning, (int, float), parse)


def integer(least: int, most: int | None = None, *, meaning: str = "") -> Kind:
    """Whole numbers from `least` to `most`."""
    name = meaning or (
        f"a whole number of at least {least}" if most is None else f"a whole number from {least} to {most}"
    )

    def parse(value: Any) -> int:
        try:
            number = int(value)
        except ValueError:
            number = least - 1
        if number < least or (most is not None and number > most):
            raise ValueError(f"must be {name}, not {_shown(value)}")
        return number

    return Kind(name, (int,), parse)


def one_of(words: Iterable[str]) -> Kind:
    """One of several words."""
    name = f"one of {', '.join(words)}"

    def parse(value: str) -> str:
        if value not in words:
            raise ValueError(f"must be {name}, not {_shown(value)}")
        return str(value)

    return Kind(name, (str,), parse)


def checked_text(name: str, check: Callable[[str], Any]) -> Kind:
    """Text that `check` accepts; it raises ValueError for other text."""

    def parse(value: str) -> str:
        if not value:
            raise ValueError("is empty")
        check(value)
        return value

    return Kind(name, (str,), parse)


def masked_upstreams(text: str) -> str:
    """Return the upstreams of a valid setting without their user names and passwords."""
    upstreams = parse_proxy_settings(text, "").upstreams
    shown = [
        f"{group}={each.address.replace('://', f'://{MASK}@') if each.username or each.password else each.address}"
        for group, each in upstreams.items()
    ]
    return ",".join(shown) or text


def masked_users(users: list[str]) -> list[str]:
    """Return NAME:TOKEN texts without the tokens."""
    return [f"{each.partition(':')[0]}:{MASK}" for each in users]


def masked_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """Return environment variables without the values of those whose name names a secret."""
    return {name: MASK if SECRET_NAME.search(name) else value for name, value in variables.items()}


def _parse_flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value not in FLAGS:
        raise ValueError(f"must be 0 or 1, not {_shown(value)}")
    return FLAGS[value]


def _parse_memory(value: Any) -> int:
    try:
        return parse_memory(str(value))
    except ValueError as error:
        raise ValueError(f"has an invalid value: {error}") from None


def _parse_max_memory(value: Any) -> int:
    """Return the limit in whole megabytes. A limit that no run fits in is not a usable setting."""
    number = _number(128, name="at least 128, the memory of the smallest run").parse(value)
    return int(number)


def _parse_input(value: Any) -> str:
    """Return an input as `-i` takes it: its JSON text, or `@` with the path of a file."""
    if isinstance(value, Mapping):
        _check_json(value)
        return json.dumps(value, ensure_ascii=False)
    if value in ("", "-"):
        raise ValueError("must be a table, JSON text, or @ with the path of a file")
    return str(value)


def _check_json(value: Any) -> None:
    """Raise ValueError for values that TOML has and JSON has not."""
    if isinstance(value, Mapping | list):
        for each in value.values() if isinstance(value, Mapping) else value:
            _check_json(each)
    elif isinstance(value, datetime.date | datetime.time):
        raise ValueError(f"contains {value}, but JSON has no dates and times: write it in quotes")
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"contains {value}, which JSON does not have")


def _parse_variables(value: Mapping[str, Any]) -> dict[str, str]:
    for name, each in value.items():
        if not name or name != "".join(name.split()) or "=" in name:
            raise ValueError(f"has '{name}', which is not the name of an environment variable")
        if not isinstance(each, str):
            raise ValueError(f"needs a string in quotes for {name}, not {_shown(each)}")
    return dict(value)


def _shown(value: Any) -> str:
    text = f"'{value}'" if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]}..."


AT_LEAST_0 = _number(0)
ABOVE_0 = _number(0, excludes_least=True)
FLAG = Kind("true or false", (bool,), _parse_flag)
TEXT = checked_text("text", lambda text: None)
TEXTS = Kind("a list of strings", (list,), list)
PORT = integer(1, 65_535)
PLAN = one_of(PLANS)
LEVEL = one_of(LEVELS)
SECONDS = integer(0)
MEMORY = Kind("a memory size such as 512, '512m' or '4g'", (int, str), _parse_memory)
PREPARED_NETWORKS = integer(0, 32)
MAX_MEMORY = Kind("at least 128, the memory of the smallest run", (int, float), _parse_max_memory)
OUTBOUND = checked_text("loopback, link-local, both separated by a comma, or none", parse_policy)
PRICES = checked_text("UNIT=PRICE with commas", parse_prices)
UPSTREAM = checked_text("off, a URL, or GROUP=URL with commas", lambda text: parse_proxy_settings(text, ""))
ALLOWED_HOSTS = checked_text("hosts with commas", lambda text: parse_proxy_settings("", text))
INPUT = Kind("a table, JSON text, or @ with the path of a file", (dict, str), _parse_input)
VARIABLES = Kind("a table of names and strings", (dict,), _parse_variables)
