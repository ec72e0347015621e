"""A login of its own for the `apify` command, in the data directory.

By default, the command stores its login in `~/.apify` and in the user's keyring, where the login for the real platform
is. APIFY_DISABLE_KEYRING and FOLDER_VARIABLE select files in another folder instead (apify-cli 1.10, `credentials.ts`,
`consts.ts`). A version that ignores them still sends its token only to the server, which APIFY_CLIENT_BASE_URL names.

HOME is unchanged, because other programs need their files in it. The folder also holds the secrets of
`apify secrets`, so it remains when the server stops.
"""

from __future__ import annotations

import json
import os
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cli.errors import CommandError
from cli.server import RunningServer
from runtime.base.files import replace_file
from runtime.base.json_text import JsonDict

FOLDER_VARIABLE = "__APIFY_INTERNAL_TEST_AUTH_PATH__"
"""The folder of the login, relative to `~/.apify`."""
FOLDER = "apify"
FILE = "auth.json"


@dataclass(frozen=True, slots=True)
class ClientLogin:
    """How a client acts as the first user of a server. `user` is what the API returns for `users/me`."""

    token: str
    user: JsonDict

    @property
    def proxy_password(self) -> str | None:
        password = (self.user.get("proxy") or {}).get("password")
        return str(password) if password else None


def read_login(server: RunningServer) -> ClientLogin:
    """Return the login of the server's first user. Raises CommandError."""
    from cli.client import Client  # here, because a server that starts only needs the names of variables

    with closing(Client(server)) as client:
        return ClientLogin(token=client.login_token(), user=client.user())


def store_login(login: ClientLogin, data_dir: Path) -> None:
    """Write the login as `apify login` writes it (apify-cli 1.10, `utils.ts`). Raises CommandError."""
    content = {**login.user, "token": login.token, "secretsBackend": "file"}
    file = data_dir / FOLDER / FILE
    try:
        file.parent.mkdir(mode=0o700, exist_ok=True)
        replace_file(file, json.dumps(content, indent="\t").encode(), mode=0o600)
    except OSError as error:
        raise CommandError(
            f"The login for the `apify` command cannot be stored in {file.parent}: {error.strerror or error}.",
            "Free space on its disk, make it writable, or choose another folder with --data-dir.",
        ) from error


def folder_value(data_dir: Path) -> str:
    """Return the value of FOLDER_VARIABLE for the login in a data directory."""
    return os.path.relpath(data_dir / FOLDER, os.path.join(os.path.expanduser("~"), ".apify"))
