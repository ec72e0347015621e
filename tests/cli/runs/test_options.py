from __future__ import annotations

import pytest

from cli.runs.options import parse_env_vars


def test_variables_may_have_any_value() -> None:
    given = ["A=1", "B=", "C=a=b c\n", "A=2"]
    assert parse_env_vars(given) == {"A": "2", "B": "", "C": "a=b c\n"}


@pytest.mark.parametrize("text", ["A", "=x", "", "A B=1", " =1"])
def test_other_text_is_not_a_variable(text: str) -> None:
    with pytest.raises(ValueError, match="NAME=VALUE"):
        parse_env_vars([text])
