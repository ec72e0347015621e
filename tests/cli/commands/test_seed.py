from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from cli.seeds.catalog import seeds
from tests.cli.conftest import Served

NAME = "apify/hello-world"


@pytest.fixture
def seed(cli: CliRunner, served: Served) -> Any:
    def call(*arguments: str) -> Any:
        return cli.invoke(app, ["seed", *arguments, "--data-dir", str(served.data_dir)])

    return call


def status(result: Any) -> str:
    assert result.exit_code == 0, result.output
    (actor,) = json.loads(result.stdout)["actors"]
    assert actor["name"] == NAME
    return str(actor["status"])


def test_a_stand_in_is_a_public_actor_of_its_user_whose_files_are_in_the_version(seed: Any, served: Served) -> None:
    seeded = seed(NAME)
    assert (seeded.exit_code, seeded.stdout) == (0, f"{NAME}: created\n")
    assert f"[1/1] {NAME}" in seeded.stderr and "Step 1/1" not in seeded.stderr
    actor, version = served.stub.actors["a1"], served.stub.versions["a1", "0.0"]
    assert actor.items() >= {"username": "apify", "name": "hello-world", "isPublic": True}.items()
    assert actor["categories"] == ["DEVELOPER_TOOLS"]
    assert "localFolder" not in version
    assert {file["name"] for file in version["sourceFiles"]} >= {"Dockerfile", "main.py", ".actor/actor.json"}


def test_a_stand_in_is_built_again_only_if_something_is_missing(seed: Any, served: Served) -> None:
    assert status(seed(NAME, "--json")) == "created"
    assert status(seed(NAME, NAME, "--json")) == "unchanged"
    assert len(served.stub.builds) == 1
    served.stub.actors["a1"]["isPublic"] = False  # as after an interruption before the Actor became public
    assert status(seed(NAME, "--json")) == "updated"
    assert served.stub.actors["a1"]["isPublic"]
    served.stub.builds[-1]["actorDefinition"]["meta"] = {"generatedBy": "greenroom seed of an older release"}
    assert status(seed(NAME, "--json")) == "updated"
    assert len(served.stub.builds) == 3


def test_a_stand_in_from_other_files_is_left_unchanged(seed: Any, served: Served) -> None:
    seed(NAME)
    served.stub.versions["a1", "0.1"] = {"versionNumber": "0.1", "sourceFiles": [], "localFolder": "/mine"}
    assert status(seed(NAME, "--json")) == "other-files"
    assert len(served.stub.builds) == 1


def test_an_unknown_name_is_rejected_with_the_list(seed: Any, served: Served) -> None:
    rejected = seed(NAME, "apify/nothing")
    assert rejected.exit_code == 64
    assert "apify/nothing" in rejected.stderr and "compass/crawler-google-places" in rejected.stderr
    assert not served.stub.actors


def test_a_failed_build_ends_the_command(seed: Any, served: Served) -> None:
    served.stub.build_status = "FAILED"
    assert seed().exit_code == 65
    assert len(served.stub.builds) == 1


def test_the_catalog_has_the_best_known_actors() -> None:
    assert {NAME, "apify/web-scraper", "apify/website-content-crawler"} <= seeds().keys()
    assert len(seeds()) >= 13
