"""Imports that fail without a search."""

from __future__ import annotations

import importlib
import json
import sys

import pytest

from runtime.base.skipped_imports import skip_import


def test_a_skipped_module_cannot_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    skip_import("colorsys")
    with pytest.raises(ModuleNotFoundError, match="colorsys"):
        importlib.import_module("colorsys")


def test_a_loaded_module_stays() -> None:
    skip_import("json")
    assert importlib.import_module("json") is json
