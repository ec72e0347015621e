"""What a build logs, what it sends to the engine, and what it stores."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from runtime.base.lifecycle import JobStatus
from runtime.base.records import EnvVar, SourceFile
from runtime.containers import STAND_IN_LABEL, Image
from tests.fakes.builds import actor_json, built, dockerfile
from tests.fakes.stage import Stage

S = JobStatus


async def test_the_log_contains_the_output_of_the_engine_between_greenrooms_lines(stage: Stage) -> None:
    stage.engine.build_lines = ["Step 1/2 : FROM scratch", " ---> abc"]
    log = await stage.log_of((await built(stage)).id)
    assert log[0] == "ACTOR: Found Dockerfile at ./Dockerfile"
    assert log[-3:] == ["Step 1/2 : FROM scratch", " ---> abc", "ACTOR: Build finished."]


async def test_an_invalid_memory_expression_is_a_warning_in_the_log(stage: Stage) -> None:
    build = await built(stage, actor_json(defaultMemoryMbytes="5 +"))
    assert build.status is S.SUCCEEDED
    first = (await stage.log_of(build.id))[0]
    assert "defaultMemoryMbytes in .actor/actor.json is not a valid expression" in first


async def test_without_a_dockerfile_the_default_one_is_used_and_logged(stage: Stage) -> None:
    build = await built(stage, source_files=())
    assert build.status is S.SUCCEEDED
    log = await stage.log_of(build.id)
    assert "no Dockerfile. Building with the default Node.js Dockerfile (FROM apify/actor-node:24)" in log[0]
    assert "also has no package.json" in log[1]
    with_package = await built(stage, source_files=(SourceFile(name="package.json", content="{}"),))
    assert not any("also has no package.json" in line for line in await stage.log_of(with_package.id))


async def test_a_python_project_without_a_dockerfile_is_rejected_with_one_to_paste(stage: Stage) -> None:
    build = await built(stage, source_files=(SourceFile(name="main.py"), SourceFile(name="requirements.txt")))
    assert build.status is S.FAILED
    lines = await stage.log_of(build.id)
    assert "Create the file .actor/Dockerfile" in lines[-6]
    assert [line.strip() for line in lines[-5:]] == [
        "FROM apify/actor-python:3.13",
        "COPY requirements.txt ./",
        "RUN pip install -r requirements.txt",
        "COPY . ./",
        'CMD ["python", "main.py"]',
    ]
    assert not stage.engine.builds


async def test_a_named_dockerfile_that_does_not_exist_is_a_warning_before_the_one_that_is_used(stage: Stage) -> None:
    log = await stage.log_of((await built(stage, actor_json(dockerfile="./Dockerfile"))).id)
    assert log[0] == "ACTOR: .actor/actor.json names the Dockerfile './Dockerfile', but there is no such file."
    assert log[1] == "ACTOR: Found Dockerfile at ./Dockerfile"


async def test_a_warning_about_the_definition_is_in_the_log(stage: Stage) -> None:
    log = await stage.log_of((await built(stage, actor_json(readme="./no.md", dockerFile="x"))).id)
    assert "names the file './no.md' as readme, but there is no such file." in log[0]
    assert "unknown field 'dockerFile', which has no effect. Did you mean 'dockerfile'?" in log[1]


async def test_a_stand_in_for_the_base_image_is_logged_and_stored(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_image = stage.engine.build

    async def build_on_stand_in(*args: Any) -> Image:
        await build_image(*args)
        return stage.engine.add_image("x", {STAND_IN_LABEL: "Debian's Python"})

    monkeypatch.setattr(stage.engine, "build", build_on_stand_in)
    build = await built(stage)
    assert build.stand_in == "Debian's Python"
    assert any("stand-in" in line and "Debian's Python" in line for line in await stage.log_of(build.id))


async def test_the_definition_is_stored_with_the_build(stage: Stage) -> None:
    definition = actor_json(input="./input.json", readme="./ABOUT.md")
    schema = '{"title": "Input", "type": "object", "schemaVersion": 1, "properties": {}}'
    build = await built(
        stage,
        definition,
        SourceFile(name=".actor/input.json", content=schema),
        SourceFile(name=".actor/ABOUT.md", content="# About"),
    )
    assert build.definition == {
        "actorSpecification": 1,
        "name": "x",
        "version": "0.0",
        "input": "./input.json",
        "readme": "./ABOUT.md",
    }
    assert build.input_schema == {"title": "Input", "type": "object", "schemaVersion": 1, "properties": {}}
    assert build.readme == "# About"


# What the engine gets.


async def test_the_engine_gets_the_dockerfile_the_limits_and_the_variables(stage: Stage) -> None:
    variables = (EnvVar(name="A", value="1"), EnvVar(name="B", value="2"))
    build = await built(stage, env_vars=variables)
    spec = stage.engine.builds[-1]
    assert (spec.dockerfile, spec.use_cache, spec.build_args) == ("Dockerfile", True, {})
    assert (spec.buildkit, spec.platform) == (False, None)
    assert spec.tag.startswith("greenroom-") and spec.tag.endswith(f":{build.id}")
    assert spec.memory_bytes == 4096 * 1024**2
    await built(stage, env_vars=variables, apply_env_vars_to_build=True)
    assert stage.engine.builds[-1].build_args == {"A": "1", "B": "2"}


async def test_a_dockerfile_that_needs_buildkit_is_built_with_it(stage: Stage) -> None:
    await built(stage, source_files=(dockerfile("FROM a\nRUN --mount=type=cache,target=/x true"),))
    spec = stage.engine.builds[-1]
    assert (spec.buildkit, [*spec.images], spec.secrets) == (True, ["a"], None)


@pytest.mark.parametrize("applied", [True, False])
async def test_a_dockerfile_that_mounts_a_secret_gets_the_versions_variables(stage: Stage, applied: bool) -> None:
    build = await built(
        stage,
        source_files=(dockerfile("FROM a\nRUN --mount=type=secret,id=TOKEN true"),),
        env_vars=(EnvVar(name="TOKEN", value="x", is_secret=True),),
        apply_env_vars_to_build=applied,
    )
    assert stage.engine.builds[-1].secrets == ({"TOKEN": "x"} if applied else {})
    warning = (
        "mounts the secret 'TOKEN', which is not defined. Add it to the environment variables of the version, and set"
        " applyEnvVarsToBuild."
    )
    assert any(warning in line for line in await stage.log_of(build.id)) is not applied


# Secrets.


async def test_secret_variables_are_hidden_in_the_log(stage: Stage) -> None:
    stage.engine.build_lines = ["RUN echo hunter2"]
    build = await built(stage, env_vars=(EnvVar(name="A", value="hunter2", is_secret=True),))
    assert "RUN echo [REDACTED]" in await stage.log_of(build.id)


async def test_an_empty_secret_hides_nothing(stage: Stage) -> None:
    build = await built(stage, env_vars=(EnvVar(name="A", value="", is_secret=True),))
    assert (await stage.log_of(build.id))[-1] == "ACTOR: Build finished."


async def test_only_the_port_variables_of_an_image_are_stored(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other variables may hold secret build arguments."""
    build_image = stage.engine.build

    async def build_with_variables(*args: Any) -> Image:
        environment = {"TOKEN": "hunter2", "ACTOR_WEB_SERVER_PORT": "8080"}
        return replace(await build_image(*args), environment=environment)

    monkeypatch.setattr(stage.engine, "build", build_with_variables)
    assert (await built(stage)).image_environment == {"ACTOR_WEB_SERVER_PORT": "8080"}
