"""The `greenroom storage` command with the data directory of a served application."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.cli.serving import Serving

FOLDERS = ("datasets", "key_value_stores", "request_queues")
API_PATHS = ("datasets", "key-value-stores", "request-queues")


@pytest.fixture
def greenroom(cli: CliRunner, serving: Serving) -> Callable[..., Any]:
    def call(*arguments: object) -> Any:
        return cli.invoke(app, ["storage", *map(str, arguments), "--data-dir", str(serving.data_dir)])

    return call


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = tmp_path / "my_crawler"
    path.mkdir()
    return path
