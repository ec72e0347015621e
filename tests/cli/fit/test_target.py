from __future__ import annotations

from pathlib import Path

import pytest

from cli.fit.target import given_inputs
from cli.runs.start_options import StartArguments

START = StartArguments(data_dir=Path("unused"))


@pytest.mark.parametrize(
    ("given", "label"),
    [('{"user": "ada", "password": "hunter2"}', "user, password"), ("[1, 2]", "JSON"), ("{}", "JSON")],
)
def test_the_label_of_an_input_names_its_fields_but_not_their_values(given: str, label: str) -> None:
    [found] = given_inputs([given], START)
    assert (found.label, found.body) == (label, given.encode())


def test_the_label_of_a_file_is_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "large.json").write_text('{"pages": 9}')
    monkeypatch.chdir(tmp_path)
    [found] = given_inputs(["@large.json"], START)
    assert found.label == "large.json"
