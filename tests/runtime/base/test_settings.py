from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest

from runtime.base.configuration import resolve
from runtime.base.outbound_policy import OutboundPolicy
from runtime.base.plans import LOCAL, PLANS, PlanName
from runtime.base.settings import Settings, default_data_dir, of_configuration


def read(**environment: str) -> Settings:
    return of_configuration(resolve(None, options={"server.data_dir": "data"}, environment=environment))


def test_without_variables_all_settings_have_their_defaults() -> None:
    assert read() == Settings(
        port=3333,
        data_dir=Path("data"),
        users={},
        stop_runs=False,
        cpu_burst_secs=10.0,
        strict_memory=False,
        max_memory_mbytes=None,
        rate_limit=None,
        plan=LOCAL,
        configured={"server.data_dir": "data"},
    )


@pytest.mark.parametrize(
    ("name", "text", "field", "value"),
    [
        ("GREENROOM_CPU_BURST_SECS", "0", "cpu_burst_secs", 0.0),
        ("GREENROOM_CPU_BURST_SECS", "2.5", "cpu_burst_secs", 2.5),
        ("GREENROOM_CPU_BURST_SECS", "", "cpu_burst_secs", 10.0),
        ("GREENROOM_STRICT_MEMORY", "1", "strict_memory", True),
        ("GREENROOM_STRICT_MEMORY", "0", "strict_memory", False),
        ("GREENROOM_MAX_MEMORY_MBYTES", "16384", "max_memory_mbytes", 16_384),
        ("GREENROOM_RATE_LIMIT", "30", "rate_limit", 30.0),
        ("GREENROOM_OUTBOUND_ALLOW", "", "outbound_policy", OutboundPolicy()),
        ("GREENROOM_OUTBOUND_ALLOW", "none", "outbound_policy", OutboundPolicy(frozenset())),
        ("GREENROOM_PLAN", "scale", "plan", PLANS[PlanName.SCALE]),
        ("GREENROOM_PLAN", "", "plan", LOCAL),
    ],
)
def test_each_variable_sets_one_setting(name: str, text: str, field: str, value: object) -> None:
    assert getattr(read(**{name: text}), field) == value


@pytest.mark.parametrize("name", ["GREENROOM_CPU_BURST_SECS", "GREENROOM_MAX_MEMORY_MBYTES", "GREENROOM_RATE_LIMIT"])
@pytest.mark.parametrize("text", ["ten", "-1", "nan", "inf"])
def test_the_error_for_an_invalid_number_names_the_variable(name: str, text: str) -> None:
    with pytest.raises(ValueError, match=name):
        read(**{name: text})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("GREENROOM_RATE_LIMIT", "0"),
        ("GREENROOM_RATE_LIMIT", "0.0"),
        ("GREENROOM_MAX_MEMORY_MBYTES", "0"),
        ("GREENROOM_MAX_MEMORY_MBYTES", "0.9"),
        ("GREENROOM_MAX_MEMORY_MBYTES", "127"),
        ("GREENROOM_OUTBOUND_ALLOW", "everything"),
        ("GREENROOM_STRICT_MEMORY", "true"),
        ("GREENROOM_STRICT_MEMORY", "no"),
        ("GREENROOM_PLAN", "gold"),
        ("GREENROOM_PRICES", "ACTOR_COMPUTE_UNITS"),
        ("GREENROOM_PRICES", "ACTOR_COMPUTE_UNITS=-1"),
        ("GREENROOM_PRICES", "DATASET_WRITES=0.1,PIZZAS=1"),
    ],
)
def test_a_value_without_a_usable_meaning_is_rejected(name: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be "):
        read(**{name: text})


@pytest.mark.parametrize("name", ["GREENROOM_CPU_BURST_SECS", "GREENROOM_RETENTION_DAYS"])
def test_zero_is_a_value_where_it_has_a_meaning(name: str) -> None:
    assert read(**{name: "0"})


def test_the_data_directory_comes_from_the_caller_or_a_variable_or_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert read().data_dir == Path("data")
    monkeypatch.setenv("GREENROOM_DATA_DIR", "elsewhere")
    assert of_configuration(resolve(None)).data_dir == default_data_dir() == Path("elsewhere")
    monkeypatch.delenv("GREENROOM_DATA_DIR")
    assert default_data_dir() == Path(platformdirs.user_data_dir("greenroom", appauthor=False))


def test_prices_replace_those_of_the_plan() -> None:
    prices = "ACTOR_COMPUTE_UNITS=0.5, DATASET_READS=0"
    given = read(GREENROOM_PLAN="scale", GREENROOM_PRICES=prices)
    scale = PLANS[PlanName.SCALE].usd_per_unit
    assert given.plan.usd_per_unit == {**scale, "ACTOR_COMPUTE_UNITS": 0.5, "DATASET_READS": 0.0}


def test_the_option_for_the_plan_takes_precedence_over_the_variable() -> None:
    given = resolve(None, options={"server.plan": "free"}, environment={"GREENROOM_PLAN": "scale"})
    assert of_configuration(given).plan is PLANS[PlanName.FREE]
