"""The environment variables that direct Apify's clients to a server.

The SDKs (apify 3 for Python, apify 3 for JavaScript, `Configuration`) and the `apify` command (apify-cli 1.10,
`utils.ts`, `console-url.ts`, `credentials.ts`, `consts.ts`) read them. The API clients themselves read no variables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cli.client_environment.apify_login import FOLDER_VARIABLE, ClientLogin, folder_value

LOOPBACK = "127.0.0.1"
FOREIGN = re.compile(
    r"(APIFY|ACTOR)_(\w+_)?(TOKEN|PASSWORD|PASSPHRASE|API_KEY|KEY_FILE|URL|HOSTNAME|PROXY_PORT|USER_ID|RUN_ID)"
)
"""Variables that name an account, an address or a run: those of the real platform must not mix with the server's."""

Variables = dict[str, str | None]
"""Values by names. None means that the variable is not set."""


def client_variables(info: Mapping[str, Any], login: ClientLogin, data_dir: Path) -> Variables:
    """Return the variables for a server with this description. `apify` has its login in the data directory."""
    url = str(info["apiUrl"])
    return {
        "APIFY_API_BASE_URL": url,
        "APIFY_API_PUBLIC_BASE_URL": url,
        "APIFY_CLIENT_BASE_URL": url,
        # With a Console at "localhost", `apify login` ignores the base URL and connects to port 3333.
        "APIFY_CONSOLE_URL": f"http://{LOOPBACK}:{urlsplit(url).port}",
        "APIFY_TOKEN": login.token,
        **_proxy_variables(info["proxyUrl"], login.proxy_password),
        "APIFY_DISABLE_KEYRING": "1",
        FOLDER_VARIABLE: folder_value(data_dir),
        "APIFY_CLI_DISABLE_TELEMETRY": "1",
        "APIFY_CLI_SKIP_UPDATE_CHECK": "1",
    }


def applied(variables: Variables, environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment with the variables, and without those that name another account, address or run."""
    own = {name: value for name, value in environment.items() if not FOREIGN.fullmatch(name)}
    combined: Variables = {**own, **variables}
    return {name: value for name, value in combined.items() if value is not None}


def _proxy_variables(proxy_url: str | None, password: str | None) -> Variables:
    """Return where the SDKs find the proxy. Without one, they must not use the platform's."""
    if proxy_url is None:
        return {
            "APIFY_PROXY_HOSTNAME": LOOPBACK,
            "APIFY_PROXY_PORT": None,
            "APIFY_PROXY_PASSWORD": None,
            "APIFY_PROXY_STATUS_URL": None,
        }
    parts = urlsplit(proxy_url)
    return {
        "APIFY_PROXY_HOSTNAME": parts.hostname or LOOPBACK,
        "APIFY_PROXY_PORT": str(parts.port),
        "APIFY_PROXY_PASSWORD": password,
        "APIFY_PROXY_STATUS_URL": proxy_url,
    }
