"""The port of an Actor's web server, which its version or its image can set with an environment variable."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from runtime.base.records import EnvVar

DEFAULT_WEB_SERVER_PORT = 4321
WEB_SERVER_PORT_NAMES = ("ACTOR_WEB_SERVER_PORT", "APIFY_CONTAINER_PORT", "ACTOR_STANDBY_PORT")
PORT = re.compile(r"[0-9]{1,5}")
MAX_PORT = 65_535


def web_server_port(env_vars: Iterable[EnvVar], image_environment: Mapping[str, str]) -> int:
    """Return the port of the web server. A variable of the version takes precedence over one of the image."""
    version_environment = {variable.name: variable.value for variable in env_vars}
    for environment in (version_environment, image_environment):
        for name in WEB_SERVER_PORT_NAMES:
            value = environment.get(name, "")
            if PORT.fullmatch(value) and 0 < int(value) <= MAX_PORT:
                return int(value)
    return DEFAULT_WEB_SERVER_PORT


def port_variables(image_environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that a build stores: not the others, because a secret build argument may be among them."""
    return {name: value for name, value in image_environment.items() if name in WEB_SERVER_PORT_NAMES}
