from __future__ import annotations

import io
import tarfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import docker
import pytest
from docker.errors import DockerException, ImageNotFound

from scripts import base_images


def certificate(body: str) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----"


class Engine:
    """A fake of the engine's images: names with labels, and the names that were pulled."""

    def __init__(self, labels: dict[str, dict[str, str]]) -> None:
        self.labels = labels
        self.pulled: list[str] = []
        self.images = self

    def get(self, name: str) -> Any:
        if name not in self.labels:
            raise ImageNotFound("missing")
        return SimpleNamespace(labels=self.labels[name])

    def pull(self, name: str) -> None:
        self.pulled.append(name)


@pytest.fixture
def provide(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that runs main on a fake engine. Returns the pulled and built names, and the timeouts of probes."""

    def provide(labels: dict[str, dict[str, str]], *, answers: bool, names: list[str]) -> tuple[Any, ...]:
        engine = Engine(labels)
        built: list[str] = []
        probes: list[int] = []

        def registry_answers(seconds: int) -> bool:
            probes.append(seconds)
            return answers

        monkeypatch.setattr("scripts.base_images.docker.from_env", lambda **_: engine)
        monkeypatch.setattr(base_images, "registry_answers", registry_answers)
        monkeypatch.setattr(base_images, "build", lambda _, name: built.append(name))
        base_images.main(names)
        return engine.pulled, built, probes

    return provide


REAL: dict[str, str] = {}
OLD_STAND_IN = {base_images.LABEL: "Debian trixie, python 3.13.5"}
STAND_IN = {**OLD_STAND_IN, base_images.REVISION_LABEL: base_images.REVISION}
PYTHON, NODE = "apify/actor-python:3.13", "apify/actor-node:20"


def test_missing_images_are_pulled_if_a_registry_answers(provide: Any) -> None:
    assert provide({}, answers=True, names=[PYTHON, NODE]) == ([PYTHON, NODE], [], [base_images.PROBE_SECS])


def test_missing_images_are_built_if_no_registry_answers(provide: Any) -> None:
    assert provide({NODE: REAL}, answers=False, names=[PYTHON, NODE])[:2] == ([], [PYTHON])


def test_a_real_image_replaces_a_stand_in(provide: Any) -> None:
    assert provide({PYTHON: STAND_IN, NODE: REAL}, answers=True, names=[PYTHON, NODE])[:2] == ([PYTHON], [])


def test_a_stand_in_remains_if_no_registry_answers(provide: Any) -> None:
    assert provide({PYTHON: STAND_IN}, answers=False, names=[PYTHON]) == ([], [], [base_images.REPEATED_PROBE_SECS])


def test_a_stand_in_of_an_earlier_revision_is_built_again(provide: Any) -> None:
    labels = {PYTHON: OLD_STAND_IN, NODE: STAND_IN}
    assert provide(labels, answers=False, names=[PYTHON, NODE])[:2] == ([], [PYTHON])


def test_real_images_need_no_probe(provide: Any) -> None:
    assert provide({PYTHON: REAL}, answers=True, names=[PYTHON]) == ([], [], [])


def test_without_names_all_images_are_provided(provide: Any) -> None:
    assert provide({}, answers=True, names=[])[0] == list(base_images.NAMES)


def test_an_unknown_name_is_rejected() -> None:
    with pytest.raises(SystemExit, match=r"unknown image apify/actor-perl:5\. Choose from apify/actor-python"):
        base_images.main(["apify/actor-perl:5"])


def test_only_certificates_that_the_image_lacks_are_added() -> None:
    host = "\n".join(["# comment", certificate("own"), certificate("common")])
    assert base_images.missing_certificates(host, certificate("common")) == certificate("own") + "\n"


def test_the_bundle_of_the_image_is_read_from_its_root_file_system(tmp_path: Path) -> None:
    archive = tmp_path / "rootfs.tar"
    with tarfile.open(archive, "w") as files:
        entry = tarfile.TarInfo(f"./{base_images.CA_BUNDLE}")
        entry.size = 3
        files.addfile(entry, io.BytesIO(b"PEM"))
    assert base_images.image_bundle(archive) == "PEM"


@pytest.mark.parametrize(
    ("configured", "settings"),
    [
        ("https://packages.example/simple", {"PIP_INDEX_URL": "https://packages.example/simple"}),
        ("https://me:secret@packages.example/simple", {}),
        ("file:///packages", {}),
        ("", {}),
    ],
)
def test_registries_with_passwords_are_left_out(
    monkeypatch: pytest.MonkeyPatch, configured: str, settings: dict[str, str]
) -> None:
    monkeypatch.setattr(base_images, "configured", lambda _: "")
    monkeypatch.delenv("npm_config_registry", raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", configured)
    assert base_images.registry_settings() == settings


def test_corepack_uses_the_same_registry_as_npm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base_images, "configured", lambda _: "")
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    monkeypatch.setenv("npm_config_registry", "https://packages.example/npm/")
    assert base_images.registry_settings() == {
        "npm_config_registry": "https://packages.example/npm/",
        "COREPACK_NPM_REGISTRY": "https://packages.example/npm",
        "COREPACK_INTEGRITY_KEYS": "0",
    }


@pytest.mark.docker
@pytest.mark.parametrize(
    ("name", "command", "expected"),
    [
        (PYTHON, "python -c 'import apify, os; print(os.getcwd())'", b"/usr/src/app"),
        (PYTHON, "pip --version | cut -d' ' -f1", b"pip"),
        (NODE, "node -p 'require(\"apify\").Actor.name + process.cwd()'", b"Actor/usr/src/app"),
        (NODE, "npm ls --depth=0 | grep -c -E 'apify|crawlee'", b"2"),
        (
            NODE,
            "yarn --version | cut -d. -f1; pnpm --version | cut -d. -f1; corepack --version | cut -d. -f1",
            b"1\n10\n0",
        ),
        (PYTHON, "id -u; id -u myuser; readlink /home/myuser/app", b"0\n1000\n/usr/src/app"),
    ],
)
def test_a_stand_in_matches_the_real_image(name: str, command: str, expected: bytes) -> None:
    try:
        engine = docker.from_env()
        labels = engine.images.get(name).labels
    except DockerException as error:
        pytest.skip(f"no Docker engine with {name}: {error}")
    if base_images.LABEL not in labels:
        pytest.skip(f"{name} is the real image")
    output = engine.containers.run(name, ["sh", "-c", command], remove=True, network_disabled=True)
    assert output.strip() == expected
