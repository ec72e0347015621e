"""The types of the console's requests agree with the OpenAPI documents."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scripts.console_types import local_types, platform_types, types_file

pytestmark = pytest.mark.processes  # Node generates the types


def test_the_types_of_the_local_controls_are_up_to_date() -> None:
    assert types_file("local").read_text() == local_types(), "run `python -m scripts.console_types`"


@pytest.mark.skipif("GREENROOM_OPENAPI" not in os.environ, reason="GREENROOM_OPENAPI names no document")
def test_the_types_of_the_platform_are_up_to_date() -> None:
    document = os.environ["GREENROOM_OPENAPI"]
    current = platform_types(Path(document))
    assert types_file("platform").read_text() == current, f"run `python -m scripts.console_types {document}`"
