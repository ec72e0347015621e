from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runtime.base.configuration import Configuration, Value, misspelled_variables, resolve, with_lines
from runtime.base.configuration_file import ConfigurationError
from runtime.base.setting_table import BY_KEY, SETTINGS

VALID = """\
# How this Actor runs locally.
[server]
plan = "free"
cpu_burst_secs = 0

[run]
memory = "1g"
env.LEVEL = "debug"

[run.input]
urls = [
    "http://localhost",
]
"""


def configured(folder: Path, text: str, name: str = "greenroom.toml", **given: Any) -> Configuration:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    return resolve(folder, environment=given.pop("environment", {}), **given)


def error_of(folder: Path, text: str, name: str = "greenroom.toml") -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        configured(folder, text, name)
    return caught.value


def test_each_place_takes_precedence_over_the_one_before(tmp_path: Path) -> None:
    configuration = configured(
        tmp_path,
        VALID,
        environment={"GREENROOM_PLAN": "scale", "GREENROOM_RUN_MEMORY": "2g", "GREENROOM_RUN_TIMEOUT": ""},
        options={"run.memory": 512, "run.timeout": None, "run.env": {"B": "1"}},
    )
    values = with_lines(configuration).values
    assert {key: (values[key].value, values[key].origin) for key in ("server.plan", "run.memory", "run.timeout")} == {
        "server.plan": ("scale", "GREENROOM_PLAN"),
        "run.memory": (512, "--memory"),
        "run.timeout": (None, "default"),
    }
    assert configuration["server.cpu_burst_secs"] == 0
    assert values["server.cpu_burst_secs"].origin == f"{tmp_path}/greenroom.toml:4"
    assert configuration["run.env"] == {"LEVEL": "debug", "B": "1"}
    assert configuration["run.input"] == '{"urls": ["http://localhost"]}'
    assert values["run.input"].origin == f"{tmp_path}/greenroom.toml:10"


def test_the_table_of_pyproject_has_lines_too(tmp_path: Path) -> None:
    text = '[project]\ndescription = """\n[tool.greenroom.server]\n"""\n\n[tool.greenroom.server]\n\nport = 4000\n'
    configuration = with_lines(configured(tmp_path, text, "pyproject.toml"))
    assert configuration.values["server.port"] == Value(
        BY_KEY["server.port"], 4000, f"{tmp_path}/pyproject.toml:8", is_from_file=True
    )


def test_the_nearest_file_up_to_the_root_of_the_repository_counts(tmp_path: Path) -> None:
    actor = tmp_path / "repository" / "actors" / "one"
    actor.mkdir(parents=True)
    (tmp_path / "greenroom.toml").write_text("[server]\nport = 1\n")
    (tmp_path / "repository" / "pyproject.toml").write_text("[tool.greenroom.server]\nport = 2\n")
    (actor.parent / "pyproject.toml").write_text("[tool.ruff]\n")
    assert resolve(actor, environment={}).file is None
    (tmp_path / "repository" / ".git").mkdir()
    assert resolve(actor, environment={})["server.port"] == 2
    assert configured(actor, "[server]\nport = 3\n")["server.port"] == 3


def test_a_variable_names_another_file_or_none(tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text("[server]\nport = 5\n")
    for given, port in ((str(other), 5), ("none", 3333), ("", 4)):
        text = "[server]\nport = 4\n"
        assert configured(tmp_path, text, environment={"GREENROOM_CONFIG": given})["server.port"] == port
    with pytest.raises(ConfigurationError, match=r"missing\.toml does not exist"):
        resolve(tmp_path, environment={"GREENROOM_CONFIG": str(tmp_path / "missing.toml")})


def test_two_files_in_one_folder_are_rejected(tmp_path: Path) -> None:
    (tmp_path / "greenroom.toml").write_text("")
    error = error_of(tmp_path, "[tool.greenroom.run]\nmemory = 512\n", "pyproject.toml")
    assert "both configure Greenroom" in str(error)


@pytest.mark.parametrize(
    ("text", "message", "advice"),
    [
        ('[server]\nplam = "free"', ":2: server.plam is not a setting.", "Did you mean server.plan?"),
        ("[run]\nport = 1", ":2: run.port is not a setting.", "Did you mean server.port?"),
        ("[run]\nzzz = 1", ":2: run.zzz is not a setting.", "The settings in [run] are memory, timeout, "),
        ("[srever]\n", ":1: srever is not a setting.", "Did you mean [server]?"),
        ("\nmemory = 1", ":2: memory is not a setting.", "Did you mean run.memory?"),
        ("server = 1", ":1: server must be a table: [server].", ""),
        ("[server]\n\nport = '80'", ":3: server.port must be a whole number from 1 to 65535, not '80'.", ""),
        ("server.port = 0", ":1: server.port must be a whole number from 1 to 65535, not 0.", ""),
        ("[server]\nstrict_memory = 1", ":2: server.strict_memory must be true or false, not 1.", ""),
        ("[server]\nrate_limit = true", "server.rate_limit must be a number greater than 0, not true.", ""),
        ("[server]\nrate_limit = 0", "server.rate_limit must be a number greater than 0, not 0.", ""),
        ("[server]\ncpu_burst_secs = nan", "server.cpu_burst_secs must be a number of at least 0, not NaN.", ""),
        ("[server]\nplan = 'gold'", "server.plan must be one of free, starter, scale, business, not 'gold'.", ""),
        ("[run]\nmemory = '4t'", "run.memory has an invalid value: '4t' is not a memory size", ""),
        ("[run]\nmemory = []", "run.memory must be a memory size such as 512, '512m' or '4g', not [].", ""),
        ("[run]\nenv = {A = 1}", "run.env needs a string in quotes for A, not 1.", ""),
        ("[run]\nenv = {'A B' = '1'}", "run.env has 'A B', which is not the name", ""),
        ("[run]\ninput = {a = [{b = 2026-01-01}]}", "run.input contains 2026-01-01, but JSON has no dates", ""),
        ("[run]\ninput = {a = inf}", "run.input contains inf, which JSON does not have", ""),
        ("[run]\ninput = '-'", "run.input must be a table, JSON text, or @", ""),
        ("[run]\ninput = '@../secret.json'", "run.input must be a file in ", ""),
        ("[run]\nbuild = ''", "run.build is empty.", ""),
        (
            "[run]\npermission = 'full'",
            "run.permission cannot be 'full' in a file",
            "Use the environment variable GREE",
        ),
        ("[run\n", " is not valid TOML: ", ""),
        ("[run]\nmemory = 1\nmemory = 2", " is not valid TOML: ", ""),
    ],
)
def test_errors_name_the_line_and_what_to_do(tmp_path: Path, text: str, message: str, advice: str) -> None:
    error = error_of(tmp_path, text)
    assert str(error).startswith(str(tmp_path / "greenroom.toml"))
    assert message in str(error) and error.advice.startswith(advice)


@pytest.mark.parametrize("setting", [each for each in SETTINGS if each.rejected], ids=lambda setting: setting.key)
def test_a_file_cannot_set_what_would_harm_others(tmp_path: Path, setting: Any) -> None:
    error = error_of(tmp_path, f"[{setting.table}]\n{setting.name} = 1\n")
    assert f"greenroom.toml:2: {setting.key} cannot be set in a file: " in str(error)
    assert (setting.variable or setting.option) in error.advice


def test_a_link_does_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text("{}")
    folder = tmp_path / "actor"
    folder.mkdir()
    (folder / "input.json").symlink_to(tmp_path / "secret.json")
    assert "run.input must be a file in" in str(error_of(folder, "[run]\ninput = '@input.json'\n"))


def test_a_file_that_is_not_text_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "greenroom.toml").write_bytes(b"\xff")
    with pytest.raises(ConfigurationError, match="is not UTF-8 text"):
        resolve(tmp_path, environment={})


def test_a_file_that_is_nested_too_deeply_is_rejected(tmp_path: Path) -> None:
    assert "nested too deeply" in str(error_of(tmp_path, f"x = {'[' * 5000}{']' * 5000}"))


def test_a_file_of_another_system_has_the_same_lines(tmp_path: Path) -> None:
    (tmp_path / "greenroom.toml").write_bytes(b"\xef\xbb\xbf" + VALID.replace("\n", "\r\n").encode())
    values = with_lines(resolve(tmp_path, environment={})).values
    assert values["run.memory"].origin == f"{tmp_path}/greenroom.toml:7"


def test_only_names_that_are_similar_to_a_variable_are_misspelled() -> None:
    environment = {"GREENROOM_PLAM": "free", "GREENROOM_PLAN": "free", "GREENROOM_HOME": "x", "PLAN": "y"}
    assert misspelled_variables(environment) == {"GREENROOM_PLAM": "GREENROOM_PLAN"}


def test_the_table_in_pyproject_must_be_a_table(tmp_path: Path) -> None:
    assert str(error_of(tmp_path, "[tool]\ngreenroom = 1\n", "pyproject.toml")).endswith(
        "pyproject.toml: tool.greenroom must be a table."
    )


def test_a_pyproject_that_does_not_concern_greenroom_may_be_invalid(tmp_path: Path) -> None:
    assert configured(tmp_path, "[project", "pyproject.toml").file is None


@pytest.mark.parametrize("setting", [each for each in SETTINGS if each.variable], ids=lambda setting: setting.key)
def test_every_variable_sets_its_setting(setting: Any) -> None:
    texts = {"run.input": "{}", "proxy.upstream": "off", "server.outbound_allow": "none", "run.memory": "4g"}
    texts |= {"server.plan": "free", "run.permission": "full", "server.data_dir": "/d", "proxy.allow": "db:1"}
    texts |= {"server.prices": "PROXY_SERPS=0.1", "server.prepared_networks": "0"}
    text = texts.get(setting.key, "512" if setting.default is not False else "1")
    value = resolve(None, environment={setting.variable: text}).values[setting.key]
    assert (value.origin, value.value != setting.default) == (setting.variable, True)


def test_only_settings_of_the_server_in_a_file_are_passed_on_as_variables(tmp_path: Path) -> None:
    text = VALID.replace("cpu_burst_secs = 0", "cpu_burst_secs = 0\nstrict_memory = true")
    configuration = configured(tmp_path, text, environment={"GREENROOM_PLAN": "scale"})
    variables = configuration.server_variables()
    assert variables == {"GREENROOM_CPU_BURST_SECS": "0", "GREENROOM_STRICT_MEMORY": "1"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("off", "off"),
        ("http://host:1", "*=http://host:1"),
        ("http://u:s3cret@h:1", "*=http://***@h:1"),
        ("A=http://groups-A,session:s3cret@h:1,*=socks5://:s3cret@[::1]", "A=http://***@h:1,*=socks5://***@[::1]:1080"),
    ],
)
def test_passwords_are_masked(text: str, shown: str) -> None:
    value = resolve(None, environment={"GREENROOM_PROXY_UPSTREAM": text}).values["proxy.upstream"]
    assert (value.value, value.masked) == (text, shown)


def test_tokens_are_masked() -> None:
    value = resolve(None, options={"server.users": ["ann:s3cret"]}, environment={})
    assert value.server_values == {"server.users": ["ann:***"]}
