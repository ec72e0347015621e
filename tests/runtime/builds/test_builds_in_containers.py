"""Builds on a real server and a real engine, from every kind of source."""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import docker
import pytest

from testing.api_client import Json
from testing.live_server import ROOT, LiveServer
from testing.source_files import source_files

pytestmark = pytest.mark.docker

BASE = "greenroom/debian:trixie"
"""The smallest of the stand-in base images."""


@pytest.fixture(scope="module")
def live(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with memory for ten concurrent builds."""
    server = LiveServer(tmp_path_factory.mktemp("builds"), environment={"GREENROOM_MAX_MEMORY_MBYTES": str(16 * 4096)})
    server.start()
    yield server
    server.close()


def actor_of(live: LiveServer, version: Json, **request: Any) -> str:
    body = {"name": f"a-{secrets.token_hex(6)}", "versions": [{"versionNumber": "0.0", **version}]}
    return str(live.data("POST", "actors", json=body, **request)["id"])


def with_dockerfile(text: str, **files: str) -> Json:
    return {
        "sourceFiles": [{"name": name, "format": "TEXT", "content": content} for name, content in files.items()]
        + [{"name": "Dockerfile", "format": "TEXT", "content": text}]
    }


def start(live: LiveServer, actor: str, **params: Any) -> Json:
    build: Json = live.data("POST", f"actors/{actor}/builds", params={"version": "0.0", "useCache": 1, **params})
    return build


def built(live: LiveServer, actor: str, **params: Any) -> tuple[Json, str]:
    """The ended build and its log."""
    build = live.wait(f"actor-builds/{start(live, actor, **params)['id']}")
    return build, live.text(f"logs/{build['id']}")


def succeeded(live: LiveServer, actor: str, **params: Any) -> str:
    build, log = built(live, actor, **params)
    assert build["status"] == "SUCCEEDED", log
    return log


def a_zip(**files: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "host.greenroom.internal"])
def test_an_archive_in_a_key_value_store_of_the_server(live: LiveServer, host: str) -> None:
    store = live.data("POST", "key-value-stores")["id"]
    archive = a_zip(Dockerfile=f"FROM {BASE}\nCOPY . /x\nRUN ls /x", marker=host)
    live.http.put(f"/v2/key-value-stores/{store}/records/v.zip", content=archive).raise_for_status()
    url = f"http://{host}:{live.port}/v2/key-value-stores/{store}/records/v.zip?disableRedirect=true"
    log = succeeded(live, actor_of(live, {"sourceType": "TARBALL", "tarballUrl": url}))
    assert "ACTOR: Unpacked 2 files" in log
    assert " marker\n" in log


def test_a_restricted_archive_needs_the_signature_in_its_url(live: LiveServer) -> None:
    store = live.data("POST", "key-value-stores")["id"]
    live.http.put(f"/v2/key-value-stores/{store}/records/v.zip", content=a_zip(Dockerfile=f"FROM {BASE}"))
    live.data("PUT", f"key-value-stores/{store}", json={"generalAccess": "RESTRICTED"})
    keys = live.data("GET", f"key-value-stores/{store}/keys")["items"]
    signed = keys[0]["recordPublicUrl"]
    build, _ = built(live, actor_of(live, {"sourceType": "TARBALL", "tarballUrl": signed.partition("?")[0]}))
    assert "not downloaded" in build["statusMessage"]
    assert "signature" in signed
    log = succeeded(live, actor_of(live, {"sourceType": "TARBALL", "tarballUrl": signed}))
    assert "signature" not in log


def test_a_folder_of_a_repository_with_the_whole_repository_as_its_context(live: LiveServer, tmp_path: Path) -> None:
    one = tmp_path / "actors/one"
    (one / ".actor").mkdir(parents=True)
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared/common").write_text("from above")
    definition = {"actorSpecification": 1, "name": "one", "version": "0.0", "dockerContextDir": "../../.."}
    (one / ".actor/actor.json").write_text(json.dumps(definition))
    (one / ".actor/Dockerfile").write_text(
        f"FROM {BASE}\nARG ACTOR_PATH_IN_DOCKER_CONTEXT\nCOPY . /x\n"
        'RUN cat /x/shared/common && echo " at $ACTOR_PATH_IN_DOCKER_CONTEXT" && ls -A /x\n'
    )
    commands = "git init -q -b main && git add . && git -c user.name=T -c user.email=t@localhost commit -qm one"
    subprocess.run(commands, shell=True, cwd=tmp_path, check=True)
    version = {"sourceType": "GIT_REPO", "gitRepoUrl": f"{tmp_path}#main:actors/one"}
    log = succeeded(live, actor_of(live, version, headers=live.own_token))
    assert "from above at actors/one" in log
    assert ".git" not in log.partition(" at actors/one")[2]


def test_the_default_dockerfile(live: LiveServer) -> None:
    package = '{"name": "x", "scripts": {"start": "node main.js"}}'
    files = {"package.json": package, "main.js": "console.log('it runs')"}
    sent = [{"name": name, "format": "TEXT", "content": content} for name, content in files.items()]
    actor = actor_of(live, {"sourceFiles": sent})
    assert "no Dockerfile. Building with the default Node.js Dockerfile (FROM apify/actor-node:24)" in succeeded(
        live, actor
    )
    run = live.finished_run(actor, memory=512)
    assert run["status"] == "SUCCEEDED"
    assert "it runs" in live.text(f"logs/{run['id']}")


def test_a_pushed_folder_of_any_size_is_built_and_an_unchanged_one_is_not(live: LiveServer, tmp_path: Path) -> None:
    folder = tmp_path / f"pushed-{secrets.token_hex(4)}"
    (folder / ".actor").mkdir(parents=True)
    (folder / "Dockerfile").write_text(f"FROM {BASE}\nCOPY . /x\nRUN ls /x\n")
    (folder / "big.bin").write_bytes(os.urandom(4_000_000))
    (folder / "secret.env").write_text("x")
    (folder / ".gitignore").write_text("*.env\n")
    first, second = (pushed(live, folder) for _ in range(2))
    (folder / "new").touch()
    third = pushed(live, folder)
    logs = [live.text(f"logs/{each['build']['id']}") for each in (first, second, third)]
    assert "big.bin" in logs[0] and "secret.env" not in logs[0]
    assert "Nothing changed since build 0.0.1" in logs[1] and "Step 1" not in logs[1]
    assert "Step 1" in logs[2]
    assert first["build"]["stats"]["imageSizeBytes"] == second["build"]["stats"]["imageSizeBytes"]
    # The first two builds share one image. It remains when the first of them is deleted.
    assert live.http.delete(f"/v2/actor-builds/{first['build']['id']}").status_code == 204
    assert live.data("GET", f"actor-builds/{second['build']['id']}")["hasImage"]


def pushed(live: LiveServer, folder: Path) -> Json:
    command = [sys.executable, "-m", "cli", "push", str(folder), "--json", "--data-dir", str(live.data_dir)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    pushed: Json = json.loads(done.stdout)
    return pushed


def test_without_the_cache_every_step_is_executed_again(live: LiveServer) -> None:
    actor = actor_of(live, with_dockerfile(f"FROM {BASE}\nRUN echo made at $(date +%s%N)"))
    times = [
        [line for line in succeeded(live, actor, useCache=use_cache).splitlines() if " made at 1" in line]
        for use_cache in (0, 0, 1)
    ]
    assert len(times[0]) == len(times[1]) == 1 and times[0] != times[1]
    assert times[2] == []


def test_a_dockerfile_that_needs_buildkit_is_built_with_it(live: LiveServer) -> None:
    mount, variables = secrets.token_hex(6), [{"name": "NAME", "value": "hunter2", "isSecret": True}]
    logs = []
    for word in ("first", "second"):
        steps = [
            f"RUN --mount=type=cache,id={mount},target=/c echo {word} >> /c/words; cat /c/words; echo trouble >&2",
            "COPY --chmod=755 a /a",
            "RUN ls -l /a && echo $NAME",
        ]
        source = with_dockerfile("\n".join([f"FROM {BASE}", "ARG NAME=no", *steps]), a="")
        logs.append(succeeded(live, actor_of(live, {**source, "envVars": variables, "applyEnvVarsToBuild": True})))
    assert [[word for word in ("first", "second") if f" {word}\n" in log] for log in logs] == [
        ["first"],
        ["first", "second"],
    ]
    assert "-rwxr-xr-x" in logs[0] and " trouble\n" in logs[0]
    assert " [REDACTED]\n" in logs[0] and "hunter2" not in logs[0]


def test_variables_reach_a_build_only_if_the_version_applies_them(live: LiveServer) -> None:
    variables = [{"name": "OPEN", "value": "shown"}, {"name": "TOKEN", "value": "hunter2", "isSecret": True}]
    dockerfile = f"FROM {BASE}\nARG OPEN=none\nARG TOKEN=none\nRUN echo got $OPEN and $TOKEN"
    for applied, expected in ((True, " got shown and [REDACTED]\n"), (False, " got none and none\n")):
        version = {**with_dockerfile(dockerfile), "envVars": variables, "applyEnvVarsToBuild": applied}
        log = succeeded(live, actor_of(live, version), useCache=0)
        assert expected in log and "hunter2" not in log


def test_a_mounted_secret_is_read_by_its_step_and_is_not_in_the_image(live: LiveServer) -> None:
    token = secrets.token_hex(20)
    variables = [{"name": "TOKEN", "value": token, "isSecret": True}]
    steps = [
        "RUN --mount=type=secret,id=TOKEN,required=true sha256sum < /run/secrets/TOKEN && cat /run/secrets/TOKEN",
        "RUN --mount=type=secret,id=OTHER ls /run/secrets/OTHER || echo is not there",
    ]
    source = with_dockerfile("\n".join([f"FROM {BASE}", *steps]))
    actor = actor_of(live, {**source, "envVars": variables, "applyEnvVarsToBuild": True})
    log = succeeded(live, actor, useCache=0)
    assert hashlib.sha256(token.encode()).hexdigest() in log and " is not there\n" in log
    assert " [REDACTED]\n" in log and token not in log
    tagged = live.data("GET", f"actors/{actor}")["taggedBuilds"]["latest"]["buildId"]
    with closing(docker.from_env()) as engine:
        [image] = (image for image in engine.images.list() if any(tagged in name for name in image.tags))
        assert token not in json.dumps([image.attrs, image.history()])


def test_a_required_secret_that_is_not_defined_fails_the_build(live: LiveServer) -> None:
    dockerfile = f"FROM {BASE}\nRUN --mount=type=secret,id=TOKEN,required=true true"
    build, log = built(live, actor_of(live, with_dockerfile(dockerfile)))
    assert (build["status"], "TOKEN not found" in build["statusMessage"]) == ("FAILED", True)
    assert "ACTOR: The Dockerfile mounts the secret 'TOKEN', which is not defined." in log


def test_a_step_that_fails_under_buildkit_fails_the_build(live: LiveServer) -> None:
    build, log = built(live, actor_of(live, with_dockerfile(f"FROM {BASE}\nRUN --mount=type=tmpfs,target=/t exit 7")))
    assert (build["status"], "exit code: 7" in build["statusMessage"]) == ("FAILED", True)
    assert "ERROR" in log


@pytest.mark.parametrize("flag", ["", "--mount=type=tmpfs,target=/t "])
def test_an_abort_ends_the_container_of_the_current_step(live: LiveServer, flag: str) -> None:
    secs = str(10_000 + secrets.randbelow(80_000))
    actor = actor_of(live, with_dockerfile(f"FROM {BASE}\nRUN {flag}echo begun; exec sleep {secs}"))
    build = start(live, actor)
    until_log(live, build["id"], "begun\n")
    while not sleeping(secs):  # the shell has printed the line, and becomes this process next
        pass
    assert live.data("POST", f"actor-builds/{build['id']}/abort")["status"] == "ABORTED"
    while sleeping(secs):
        pass
    with closing(docker.from_env()) as engine:
        while any(secs in each["Command"] for each in engine.api.containers(all=True)):
            pass
    assert live.data("GET", f"actors/{actor}")["taggedBuilds"] == {}
    assert list((live.data_dir / "sources").iterdir()) == []


def until_log(live: LiveServer, id: str, text: str) -> None:
    with live.http.stream("GET", f"/v2/logs/{id}", params={"stream": 1}) as log:
        seen = ""
        for piece in log.iter_text():
            seen += piece
            if text in seen:
                return
    raise AssertionError(seen)


def sleeping(secs: str) -> bool:
    """Whether the process is running in any container. The pattern does not match its shell."""
    return subprocess.run(["pgrep", "-xf", f"sleep {secs}"], capture_output=True).returncode == 0


def test_ten_concurrent_builds_have_ten_numbers(live: LiveServer) -> None:
    actor = actor_of(live, with_dockerfile(f"FROM {BASE}\nRUN true"))
    with ThreadPoolExecutor(10) as executor:
        builds = [*executor.map(lambda _: start(live, actor), range(10))]
    ends = [live.wait(f"actor-builds/{build['id']}") for build in builds]
    assert {end["status"] for end in ends} == {"SUCCEEDED"}
    assert sorted(end["buildNumberInt"] for end in ends) == list(range(1, 11))


def test_dockerignore_excludes_files(live: LiveServer) -> None:
    files = {".dockerignore": "hidden*\n", "hidden.txt": "", "shown.txt": ""}
    log = succeeded(live, actor_of(live, with_dockerfile(f"FROM {BASE}\nCOPY . /x\nRUN ls /x", **files)))
    assert "shown.txt" in log and "hidden.txt" not in log


def test_the_log_has_the_platforms_lines_and_the_build_has_statistics(live: LiveServer) -> None:
    actor = actor_of(live, {"sourceFiles": source_files(ROOT / "sample_actors/hello")})
    build, log = built(live, actor, useCache=0)
    lines = [line.partition("Z ")[2] for line in log.splitlines() if "ACTOR: " in line]
    assert lines[0].startswith("ACTOR: Found Dockerfile at ./")
    assert lines[1] == "ACTOR: Building container image (cache disabled)."
    assert lines[-1] == "ACTOR: Build finished."
    stats = build["stats"]
    assert stats["imageSizeBytes"] > 0
    assert stats["runTimeSecs"] == stats["durationMillis"] / 1000 > 0
    assert stats["computeUnits"] == pytest.approx(4 * stats["durationMillis"] / 3_600_000)
