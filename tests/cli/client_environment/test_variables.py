from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from cli.client_environment.apify_login import FOLDER_VARIABLE, ClientLogin, folder_value, store_login
from cli.client_environment.variables import applied, client_variables
from cli.errors import CommandError

LOGIN = ClientLogin("t1", {"id": "u1", "username": "ann", "proxy": {"password": "p1"}})
INFO = {"apiUrl": "http://localhost:4000", "proxyUrl": "http://localhost:18000"}


def test_nothing_of_the_real_platform_remains() -> None:
    real = {
        "APIFY_TOKEN": "real",
        "APIFY_API_TOKEN": "real",
        "APIFY_PROXY_PASSWORD": "real",
        "APIFY_PROXY_STATUS_URL": "real",
        "APIFY_INPUT_SECRETS_PRIVATE_KEY_PASSPHRASE": "real",
        "ACTOR_EVENTS_WEBSOCKET_URL": "real",
        "APIFY_CONTAINER_URL": "real",
        "ACTOR_RUN_ID": "real",
        "APIFY_USER_ID": "real",
    }
    own = {"PATH": "/bin", "HOME": "/home/ann", "APIFY_LOG_LEVEL": "DEBUG", "ACTOR_WEB_SERVER_PORT": "1"}
    for info in (INFO, {**INFO, "proxyUrl": None}):
        environment = applied(client_variables(info, LOGIN, Path("/data")), {**real, **own})
        assert "real" not in environment.values()
        assert own.items() <= environment.items()
        assert "apify.com" not in str(environment)


def test_the_variables_lead_to_the_server() -> None:
    variables = client_variables(INFO, LOGIN, Path("/data"))
    assert {name for name, value in variables.items() if value == "http://localhost:4000"} == {
        "APIFY_API_BASE_URL",
        "APIFY_API_PUBLIC_BASE_URL",
        "APIFY_CLIENT_BASE_URL",
    }
    assert (variables["APIFY_TOKEN"], variables["APIFY_PROXY_PASSWORD"]) == ("t1", "p1")
    assert (variables["APIFY_PROXY_HOSTNAME"], variables["APIFY_PROXY_PORT"]) == ("localhost", "18000")


def test_without_a_proxy_the_platforms_proxy_is_not_used() -> None:
    variables = client_variables({**INFO, "proxyUrl": None}, LOGIN, Path("/data"))
    assert variables["APIFY_PROXY_HOSTNAME"] == "127.0.0.1"
    assert variables["APIFY_PROXY_PASSWORD"] is None


def test_the_login_is_private_and_in_the_data_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home" / "ann"))
    store_login(LOGIN, tmp_path)
    store_login(LOGIN, tmp_path)
    file = tmp_path / "apify" / "auth.json"
    assert json.loads(file.read_text()) == {**LOGIN.user, "token": "t1", "secretsBackend": "file"}
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert os.listdir(file.parent) == ["auth.json"]
    variables = client_variables(INFO, LOGIN, tmp_path)
    in_home = os.path.join(tmp_path, "home", "ann", ".apify", variables[FOLDER_VARIABLE] or "")
    assert os.path.normpath(in_home) == str(tmp_path / "apify")
    assert folder_value(tmp_path) == "../../../apify"


def test_a_login_that_cannot_be_stored_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "apify").write_text("not a folder")
    with pytest.raises(CommandError, match="cannot be stored in"):
        store_login(LOGIN, tmp_path)
