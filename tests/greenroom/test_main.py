"""`greenroom` imports its own packages even if others are also named `api`, `cli` or `runtime`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from testing.api_client import SAMPLES
from testing.live_server import remove_instance
from tests.examples import some

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parents[2]
OWN_PACKAGES = ("api", "cli", "runtime")
CHECKOUT = (sys.executable, str(ROOT / "greenroom" / "__main__.py"))
"""The command that the script of an editable install runs."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another project. Its packages have the same names as ours and fail when they are imported."""
    folder = tmp_path_factory.mktemp("project")
    for name in OWN_PACKAGES:
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(f'raise SystemExit("this {name} is somebody else\'s")\n')
    return folder


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts of an environment in which both projects are installed. It uses the dependencies of the tests."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    programs = folder / "bin"
    pip = [sys.executable, "-m", "pip", "--python", str(programs / "python"), "install", "--quiet"]
    subprocess.run([*pip, "--no-index", "--no-deps", "--no-compile", wheel], check=True)
    site_packages = next(folder.glob("lib/python*/site-packages"))
    shutil.copytree(project, site_packages, dirs_exist_ok=True)
    dependencies = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site_packages / "dependencies.pth").write_text("\n".join(dependencies))
    return programs


def test_the_wheel_installs_one_top_level_name(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"greenroom"}


@pytest.mark.parametrize("package", OWN_PACKAGES)
def test_the_wheel_holds_each_file_of_our_packages(wheel: Path, package: str) -> None:
    files = [path for path in (ROOT / package).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    expected = {f"greenroom/{path.relative_to(ROOT).as_posix()}" for path in files}
    assert expected - set(zipfile.ZipFile(wheel).namelist()) == set()


def test_the_wheel_holds_the_built_console(wheel: Path) -> None:
    build = ROOT / "console" / "dist"
    expected = {f"greenroom/console/dist/{path.relative_to(build).as_posix()}" for path in build.rglob("*.*")}
    names = set(zipfile.ZipFile(wheel).namelist())
    assert expected - names == set() and "greenroom/console/dist/index.html" in names
    assert not [name for name in names if "node_modules" in name]


@pytest.mark.parametrize("environment", some([{"PYTHONPATH": "."}, {"PYTHONPATH": ".", "PYTHONSAFEPATH": "1"}]))
def test_a_checkout_beside_packages_of_the_same_names(
    project: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    assert_starts_its_own_server(CHECKOUT, project, tmp_path, environment)


@pytest.mark.parametrize("program", some([["greenroom"], ["python", "-m", "greenroom"]]))
def test_a_wheel_in_an_environment_with_packages_of_the_same_names(
    installed: Path, project: Path, tmp_path: Path, program: list[str]
) -> None:
    command = (str(installed / program[0]), *program[1:])
    assert_starts_its_own_server(command, project, tmp_path, {"PYTHONPATH": "."})


@pytest.mark.docker
def test_a_wheel_runs_an_actor(installed: Path, project: Path, tmp_path: Path) -> None:
    done = run_hello((str(installed / "greenroom"),), project, tmp_path, {"PYTHONPATH": "."})
    instance = tmp_path / "instance.json"
    if instance.exists():
        remove_instance(json.loads(instance.read_text())["id"])
    assert done.returncode == 0, done.stderr
    assert "SUCCEEDED" in done.stdout


def assert_starts_its_own_server(
    command: tuple[str, ...], folder: Path, data_dir: Path, environment: dict[str, str]
) -> None:
    """Assert that the command and the server that it starts import our packages, up to the search for an engine."""
    no_engine = {"DOCKER_HOST": f"unix://{data_dir}/no-engine.sock"}
    done = run_hello(command, folder, data_dir, {**no_engine, **environment})
    assert done.returncode == 69
    assert "No Docker engine answers at" in done.stderr


def run_hello(
    command: tuple[str, ...], folder: Path, data_dir: Path, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*command, "run", str(SAMPLES / "hello"), "--data-dir", str(data_dir)],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
