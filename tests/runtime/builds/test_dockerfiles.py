from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runtime.base.errors import Invalid
from runtime.builds.dockerfiles import Recipe, default_dockerfile, find_recipe
from runtime.builds.sources import Source


def laid_out(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"FROM {name}")
    return root


def found(tree: Path, definition: dict[str, Any], root: str = ".", *, beta: bool = False) -> Recipe:
    return find_recipe(Source(tree, tree / root), definition, tree.parent / "spare", beta=beta)


def recipe(text: str) -> Recipe:
    return Recipe(Path(), Path(), "Dockerfile", text, {})


@pytest.mark.parametrize(
    ("files", "definition", "place"),
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
def test_the_dockerfile_is_the_named_one_then_the_usual_ones(
    tmp_path: Path, files: list[str], definition: dict[str, Any], place: str
) -> None:
    tree = laid_out(tmp_path / "source", *files)
    recipe = found(tree, definition)
    assert (recipe.place, recipe.text, recipe.context) == (place, f"FROM {place}", tree)
    assert recipe.dockerfile == (tree / place).resolve()


@pytest.mark.parametrize("named", ["../../outside", "/etc/passwd", "../link"])
def test_a_dockerfile_outside_of_the_source_is_refused(tmp_path: Path, named: str) -> None:
    tree = laid_out(tmp_path / "source", "Dockerfile", ".actor/actor.json")
    laid_out(tmp_path, "outside")
    (tree / "link").symlink_to("../outside")
    with pytest.raises(Invalid, match="outside of the source"):
        found(tree, {"dockerfile": named})


@pytest.mark.parametrize("mount", ["type=ssh", "target=/x,required=true,type=ssh"])
def test_a_build_without_an_ssh_agent_says_what_does_instead(tmp_path: Path, mount: str) -> None:
    tree = laid_out(tmp_path / "source", "Dockerfile")
    (tree / "Dockerfile").write_text(f"FROM x\nRUN --mount=type=cache,target=/ssh --mount={mount} make\n")
    with pytest.raises(Invalid, match=r"type=ssh, and a build is given no SSH agent: .* applyEnvVarsToBuild"):
        found(tree, {})


@pytest.mark.parametrize("beta", [False, True])
@pytest.mark.parametrize("has_package", [False, True])
def test_without_any_it_is_the_default_one_for_node(tmp_path: Path, has_package: bool, beta: bool) -> None:
    tree = laid_out(tmp_path / "source", *(["package.json"] if has_package else ["main.js"]))
    recipe = found(tree, {}, beta=beta)
    lines = recipe.text.splitlines()
    assert lines[0] == f"FROM apify/actor-node:{'beta' if beta else '24'}"
    assert any("npm install" in line for line in lines) is has_package
    assert lines[-1] == "COPY . ./"
    assert (recipe.place, recipe.dockerfile.read_text()) == ("", recipe.text)
    assert not recipe.dockerfile.is_relative_to(tree)
    assert default_dockerfile(tree, beta=beta) == recipe.text


def test_the_context_of_a_repository_of_several_actors_is_the_folder_it_names(tmp_path: Path) -> None:
    tree = laid_out(tmp_path / "source", "shared/x", "actors/one/.actor/Dockerfile")
    alone = found(tree, {}, "actors/one")
    assert (alone.context, alone.build_args) == (tree / "actors/one", {})
    whole = found(tree, {"dockerContextDir": "../../.."}, "actors/one")
    assert (whole.context, whole.build_args) == (tree, {"ACTOR_PATH_IN_DOCKER_CONTEXT": "actors/one"})
    assert whole.place == ".actor/Dockerfile"


@pytest.mark.parametrize("target", ["/dev/zero", "../outside", "."])
def test_a_dockerignore_that_is_no_file_of_the_source_is_not_followed(tmp_path: Path, target: str) -> None:
    tree = laid_out(tmp_path / "source", "Dockerfile")
    (tmp_path / "outside").write_text("*")
    (tree / ".dockerignore").symlink_to(target)
    with pytest.raises(Invalid, match="dockerignore must be a file of the source"):
        found(tree, {})


@pytest.mark.parametrize("named", ["../../..", "../nowhere", "/", 5])
def test_a_context_that_is_no_folder_of_the_source_is_refused(tmp_path: Path, named: object) -> None:
    tree = laid_out(tmp_path / "source", ".actor/Dockerfile")
    with pytest.raises(Invalid, match="dockerContextDir"):
        found(tree, {"dockerContextDir": named})


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("FROM a\nRUN --mount=type=cache,target=/c make", True),
        ("FROM a\nRUN   --network=none \\\n  --mount=type=secret,id=x \\\n make", True),
        ("from a\nrun --mount=type=cache,target=/c make", True),
        ("FROM a\nRUN <<EOF\nmake\nEOF", True),
        ("FROM a\nCOPY <<-'EOF' /x\nmake\nEOF", True),
        ("FROM a\nCOPY --chmod=755 x y", True),
        ("FROM a\nCOPY --from=b --link x y", True),
        ("FROM a\nADD --checksum=sha256:1 https://x y", True),
        ("FROM a\nONBUILD COPY --link x y", True),
        ("FROM --platform=$BUILDPLATFORM a", True),
        ("FROM a\nCOPY --chown=me:me --from=b x y", False),
        ("FROM a\nRUN make --mount=x", False),
        ('FROM a\nRUN echo "1 <<2"', False),
        ("FROM a\n# RUN --mount=type=cache,target=/c make", False),
        ("# syntax=docker/dockerfile:1\nFROM a\nRUN make", False),
        ("FROM a\nHEALTHCHECK --interval=5s CMD true", False),
    ],
)
def test_what_the_classic_builder_does_not_know_is_built_by_buildkit(text: str, needs: bool) -> None:
    assert recipe(text).needs_buildkit is needs


@pytest.mark.parametrize(
    ("text", "images", "is_told"),
    [
        ("FROM a:1", ["a:1"], True),
        ("FROM scratch", [], True),
        ("FROM a AS one\nFROM b as Two\nFROM one\nCOPY --from=two x y\nCOPY --from=0 x y", ["a", "b"], True),
        ("FROM --platform=linux/amd64 a\nCOPY --chown=x --from=tools/x:2 /x /y", ["a", "tools/x:2"], True),
        ("FROM a\nRUN --mount=type=bind,from=b,target=/x true", ["a", "b"], True),
        ("# syntax=docker/dockerfile:1\nFROM a", ["docker/dockerfile:1", "a"], True),
        ("ARG TAG=1\nFROM a:$TAG\nCOPY --from=b x y", ["b"], False),
        ("FROM a\nADD https://example.com/x /x", ["a"], False),
        ("FROM a\nADD git@example.com:x /x", ["a"], False),
        ("FROM a\nADD x.tar /x", ["a"], True),
        ("FROM \\\n# which\n a", ["a"], True),
        (
            "FROM a\nRUN python <<ONE\nfrom os import path\nONE\nCOPY <<A <<-'B' /x\nfrom a\nA\nfrom b\nB\nFROM c",
            ["a", "c"],
            True,
        ),
        ("FROM a\nRUN <<END\nfrom os import path", ["a"], True),
        ("ONBUILD\n\\\nFROM a \\", ["a"], True),
        ("", [], True),
    ],
)
def test_the_images_it_stands_on_and_whether_they_are_all(text: str, images: list[str], is_told: bool) -> None:
    assert (recipe(text).images, recipe(text).is_told_by_its_files) == (images, is_told)


@pytest.mark.parametrize(
    ("mounts", "ids"),
    [
        ("--mount=type=secret,id=TOKEN,required", ["TOKEN"]),
        ("--mount=target=/run/x/TOKEN,type=secret", ["TOKEN"]),
        ("--mount=type=secret,id=B --mount=type=secret,id=A,target=/a --mount=type=secret,id=B", ["B", "A"]),
        ("--mount=type=cache,id=TOKEN,target=/secret --mount=id=x,target=/b", []),
        ("--mount=type=bind,source=type=secret,target=/x", []),
    ],
)
def test_the_secrets_that_it_mounts(mounts: str, ids: list[str]) -> None:
    assert recipe(f"FROM a\nCOPY type=secret,id=NO /x\nRUN {mounts} make").secrets == ids
