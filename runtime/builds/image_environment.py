"""The web server port and the secrets that a version and its image bring to a run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from runtime.base.records import EnvVar

DEFAULT_WEB_SERVER_PORT = 4321
WEB_SERVER_PORT_NAMES = ("ACTOR_WEB_SERVER_PORT", "APIFY_CONTAINER_PORT", "ACTOR_STANDBY_PORT")
PORT = re.compile(r"[0-9]{1,5}")
MAX_PORT = 65_535
SHORTEST_SECRET = 4


def web_server_port(env_vars: Iterable[EnvVar], image_environment: Mapping[str, str]) -> int:
    """The port of the Actor's web server: the one variable of the platform's that a version (or its image) may set."""
    own = {variable.name: variable.value for variable in env_vars}
    for source in (own, image_environment):
        for name in WEB_SERVER_PORT_NAMES:
            value = source.get(name, "")
            if PORT.fullmatch(value) and 0 < int(value) <= MAX_PORT:
                return int(value)
    return DEFAULT_WEB_SERVER_PORT


def port_variables(image_environment: Mapping[str, str]) -> dict[str, str]:
    """What of an image's variables is kept with its build: not the others, where a secret build argument may stand."""
    return {name: value for name, value in image_environment.items() if name in WEB_SERVER_PORT_NAMES}


def secret_values(env_vars: Iterable[EnvVar]) -> list[str]:
    return to_hide(variable.value for variable in env_vars if variable.is_secret)


def to_hide(texts: Iterable[str]) -> list[str]:
    """Secrets, whole and line by line, as far as they are long enough to be told from ordinary text.

    Hiding every `1` would only make a log unreadable.
    """
    values = {value for text in texts for value in (text, *text.splitlines())}
    return [value for value in values if len(value) >= SHORTEST_SECRET]
