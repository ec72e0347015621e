from __future__ import annotations

from runtime.base.records import EnvVar
from runtime.jobs.redaction import secret_values


def test_a_secret_is_hidden_as_a_whole_and_line_by_line_unless_it_is_too_short() -> None:
    key = "-----BEGIN-----\nMIIsecret\n"
    env_vars = [
        EnvVar(name="PEM", value=key, is_secret=True),
        EnvVar(name="FLAG", value="1", is_secret=True),
        EnvVar(name="OPEN", value="visible"),
    ]
    assert set(secret_values(env_vars)) == {key, "-----BEGIN-----", "MIIsecret"}
