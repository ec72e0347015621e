from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runtime.base.errors import Invalid
from runtime.base.records import Definition
from runtime.builds.dockerfile_selection import Recipe, default_dockerfile, find_recipe
from runtime.builds.sources import Source


def write_dockerfiles(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"FROM {name}")
    return root


def found(tree: Path, actor_json: dict[str, Any], actor_folder: str = ".", *, beta: bool = False) -> Recipe:
    source = Source(tree, tree / actor_folder)
    return find_recipe(source, Definition(document=actor_json), tree.parent / "default", beta=beta)


@pytest.mark.parametrize(
    ("files", "actor_json", "path"),
    [
        (["Dockerfile"], {}, "Dockerfile"),
        ([".actor/Dockerfile", "Dockerfile"], {}, ".actor/Dockerfile"),
        (["Dockerfile", ".actor/my.docker"], {"dockerfile": "./my.docker"}, ".actor/my.docker"),
        (["Dockerfile", "deep/Dockerfile"], {"dockerfile": "../deep/Dockerfile"}, "deep/Dockerfile"),
        (["Dockerfile"], {"dockerfile": "./missing"}, "Dockerfile"),
        (["dockerfile"], {}, "dockerfile"),
        ([".actor/DOCKERFILE"], {}, ".actor/DOCKERFILE"),
        ([".actor/My.Docker"], {"dockerfile": "my.docker"}, ".actor/My.Docker"),
    ],
)
def test_the_dockerfile_is_the_named_or_a_usual_file(
    tmp_path: Path, files: list[str], actor_json: dict[str, Any], path: str
) -> None:
    tree = write_dockerfiles(tmp_path / "source", *files)
    recipe = found(tree, actor_json)
    assert (recipe.found_at, recipe.dockerfile.text, recipe.context) == (path, f"FROM {path}", tree)
    assert recipe.dockerfile_path == (tree / path).resolve()


def test_a_missing_dockerfile_is_reported_or_an_error_if_there_is_no_other(tmp_path: Path) -> None:
    tree = write_dockerfiles(tmp_path / "source", "package.json")
    with pytest.raises(Invalid, match=r"names the Dockerfile '\./missing', but the source has no Dockerfile"):
        found(tree, {"dockerfile": "./missing"})
    write_dockerfiles(tree, "Dockerfile")
    assert found(tree, {"dockerfile": "./missing"}).missing == "./missing"
    assert found(tree, {"dockerfile": "../Dockerfile"}).missing is None
    assert found(tree, {}).missing is None


@pytest.mark.parametrize(
    ("files", "command"),
    [
        (["requirements.txt"], '"-m", "src"'),
        (["src/__main__.py", "requirements.txt"], '"-m", "src"'),
        (["my_actor/__main__.py", "pyproject.toml"], '"-m", "my_actor"'),
        (["main.py"], '"main.py"'),
        (["src/main.py"], '"-m", "src"'),
        (["setup.py"], '"-m", "src"'),
    ],
)
def test_a_python_project_without_a_dockerfile_is_rejected(tmp_path: Path, files: list[str], command: str) -> None:
    tree = write_dockerfiles(tmp_path / "source", *files)
    with pytest.raises(Invalid, match="Python project without a Dockerfile") as raised:
        found(tree, {})
    lines = [line.strip() for line in raised.value.message.splitlines()[1:]]
    assert (lines[0], lines[-1]) == ("FROM apify/actor-python:3.13", f'CMD ["python", {command}]')
    assert ("RUN pip install -r requirements.txt" in lines) is ("requirements.txt" in files)
    assert ("RUN pip install ." in lines) is ("pyproject.toml" in files or "setup.py" in files)


@pytest.mark.parametrize("files", [["package.json", "tools.py"], ["main.js", "tools.py"], ["index.html"]])
def test_other_projects_without_a_dockerfile_get_the_default_one(tmp_path: Path, files: list[str]) -> None:
    recipe = found(write_dockerfiles(tmp_path / "source", *files), {})
    assert (recipe.found_at, recipe.has_package) == ("", "package.json" in files)


@pytest.mark.parametrize("path", ["../../outside", "/etc/passwd", "../link"])
def test_a_dockerfile_outside_of_the_source_is_rejected(tmp_path: Path, path: str) -> None:
    tree = write_dockerfiles(tmp_path / "source", "Dockerfile", ".actor/actor.json")
    write_dockerfiles(tmp_path, "outside")
    (tree / "link").symlink_to("../outside")
    with pytest.raises(Invalid, match="outside of the source"):
        found(tree, {"dockerfile": path})


@pytest.mark.parametrize("mount", ["type=ssh", "target=/x,required=true,type=ssh"])
def test_an_ssh_mount_is_rejected_with_an_alternative(tmp_path: Path, mount: str) -> None:
    tree = write_dockerfiles(tmp_path / "source", "Dockerfile")
    (tree / "Dockerfile").write_text(f"FROM x\nRUN --mount=type=cache,target=/ssh --mount={mount} make\n")
    with pytest.raises(Invalid, match=r"type=ssh, but builds have no SSH agent\. .* applyEnvVarsToBuild"):
        found(tree, {})


@pytest.mark.parametrize("beta", [False, True])
@pytest.mark.parametrize("has_package", [False, True])
def test_without_a_dockerfile_the_default_one_is_used(tmp_path: Path, has_package: bool, beta: bool) -> None:
    tree = write_dockerfiles(tmp_path / "source", *(["package.json"] if has_package else ["main.js"]))
    recipe = found(tree, {}, beta=beta)
    text = recipe.dockerfile.text
    lines = text.splitlines()
    assert lines[0] == f"FROM apify/actor-node:{'beta' if beta else '24'}"
    assert any("npm install" in line for line in lines) is has_package
    assert lines[-1] == "COPY . ./"
    assert (recipe.found_at, recipe.dockerfile_path.read_text()) == ("", text)
    assert not recipe.dockerfile_path.is_relative_to(tree)
    assert default_dockerfile(tree, beta=beta) == text


def test_the_dockerfile_can_be_elsewhere_in_the_repository(tmp_path: Path) -> None:
    tree = write_dockerfiles(tmp_path / "source", "docker/Shared", "actors/one/Dockerfile")
    recipe = found(tree, {"dockerfile": "../../../docker/Shared"}, "actors/one")
    assert (recipe.found_at, recipe.missing, recipe.context) == ("docker/Shared", None, tree / "actors/one")


def test_the_context_can_be_a_folder_above_the_actor(tmp_path: Path) -> None:
    tree = write_dockerfiles(tmp_path / "source", "shared/x", "actors/one/.actor/Dockerfile")
    alone = found(tree, {}, "actors/one")
    assert (alone.context, alone.build_args) == (tree / "actors/one", {})
    whole = found(tree, {"dockerContextDir": "../../.."}, "actors/one")
    assert (whole.context, whole.build_args) == (tree, {"ACTOR_PATH_IN_DOCKER_CONTEXT": "actors/one"})
    assert whole.found_at == ".actor/Dockerfile"


@pytest.mark.parametrize("target", ["/dev/zero", "../outside", "."])
def test_a_dockerignore_that_links_to_the_outside_is_rejected(tmp_path: Path, target: str) -> None:
    tree = write_dockerfiles(tmp_path / "source", "Dockerfile")
    (tmp_path / "outside").write_text("*")
    (tree / ".dockerignore").symlink_to(target)
    with pytest.raises(Invalid, match="dockerignore must be a file of the source"):
        found(tree, {})


@pytest.mark.parametrize("path", ["../../..", "../nowhere", "/"])
def test_a_context_outside_of_the_source_is_rejected(tmp_path: Path, path: str) -> None:
    tree = write_dockerfiles(tmp_path / "source", ".actor/Dockerfile")
    with pytest.raises(Invalid, match="dockerContextDir"):
        found(tree, {"dockerContextDir": path})
