"""The `greenroom storage` command with the data directory of a served application."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests.cli.conftest import Greenroom

FOLDERS = ("datasets", "key_value_stores", "request_queues")
API_PATHS = ("datasets", "key-value-stores", "request-queues")


@pytest.fixture
def greenroom(greenroom: Greenroom) -> Greenroom:
    """Call `greenroom storage`."""
    return partial(greenroom, "storage")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = tmp_path / "my_crawler"
    path.mkdir()
    return path
