from __future__ import annotations

from api.request.callers import Caller
from api.request.parsing.versions import parse_version
from runtime.base.records import EnvVar
from tests.fakes.clock import START
from tests.fakes.records import a_user, a_version

ANN = Caller(a_user())


def test_a_secret_without_a_value_gets_its_stored_value() -> None:
    known = a_version(env_vars=(EnvVar(name="A", value="hunter2", is_secret=True), EnvVar(name="B", value="open")))
    sent = {"envVars": [{"name": "A", "isSecret": True}, {"name": "B"}, {"name": "C", "isSecret": True}]}
    parsed = parse_version(sent, ANN, START, "0.0", known)
    assert [(each.name, each.value) for each in parsed.env_vars] == [("A", "hunter2"), ("B", ""), ("C", "")]


def test_a_secret_can_be_changed_and_emptied() -> None:
    known = a_version(env_vars=(EnvVar(name="A", value="hunter2", is_secret=True),))
    for value in ("new", ""):
        sent = {"envVars": [{"name": "A", "value": value, "isSecret": True}]}
        assert parse_version(sent, ANN, START, "0.0", known).env_vars[0].value == value
