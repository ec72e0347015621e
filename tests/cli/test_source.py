from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

from cli import source
from cli.problem import INVALID_INPUT, Problem


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def names(root: Path) -> set[str]:
    return {file["name"] for file in source.read(root).files}


def test_name_version_and_tag_come_from_the_definition(tmp_path: Path) -> None:
    write(tmp_path, {".actor/actor.json": '{"name": "shop", "version": "1.2", "buildTag": "beta"}'})
    read = source.read(tmp_path)
    assert (read.name, read.version, read.build_tag, read.env_vars) == ("shop", "1.2", "beta", None)


@pytest.mark.parametrize(
    ("folder", "name"),
    [("my_actor", "my-actor"), ("__a b.c__", "a-b-c"), ("x", "actor-x"), ("é", "actor"), ("a" * 80, "a" * 63)],
)
def test_a_folder_without_definition_gives_its_own_name_made_dns_safe(tmp_path: Path, folder: str, name: str) -> None:
    write(tmp_path / folder, {"main.py": ""})
    read = source.read(tmp_path / folder)
    assert (read.name, read.version, read.build_tag) == (name, "0.0", "latest")


def test_text_stays_text_and_the_rest_is_base64(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes("grüße\r\n".encode())
    (tmp_path / "latin").write_bytes("grüße".encode("latin-1"))
    (tmp_path / "nul").write_bytes(b"a\0b")
    files = {file["name"]: (file["format"], file["content"]) for file in source.read(tmp_path).files}
    assert files == {
        "text": ("TEXT", "grüße\r\n"),
        "latin": ("BASE64", base64.b64encode("grüße".encode("latin-1")).decode()),
        "nul": ("BASE64", base64.b64encode(b"a\0b").decode()),
    }


def test_what_never_goes(tmp_path: Path) -> None:
    tree = ["a.py", ".git/config", "sub/.git", "node_modules/x.js", ".venv/x", "sub/__pycache__/x.pyc", "storage/x"]
    write(tmp_path, dict.fromkeys([*tree, "sub/storage/kept"], ""))
    assert names(tmp_path) == {"a.py", "sub/storage/kept"}


def test_the_nearest_gitignore_decides(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            ".gitignore": "*.log\nbuild/\n/only_at_root\n",
            "a.log": "",
            "build/x": "",
            "only_at_root": "",
            "sub/only_at_root": "",
            "sub/.gitignore": "!keep.log\nsecret\n",
            "sub/keep.log": "",
            "sub/other.log": "",
            "sub/secret": "",
            "secret": "",
        },
    )
    assert names(tmp_path) == {".gitignore", "secret", "sub/.gitignore", "sub/keep.log", "sub/only_at_root"}


def test_gitignores_of_the_repository_around_hold_too(tmp_path: Path) -> None:
    write(tmp_path, {"repo/.git/HEAD": "", "repo/.gitignore": "*.env\n", "repo/actors/one/main.py": ""})
    write(tmp_path / "repo/actors/one", {"prod.env": ""})
    assert names(tmp_path / "repo/actors/one") == {"main.py"}


def test_a_folder_its_repository_ignores_is_still_an_actor(tmp_path: Path) -> None:
    write(tmp_path, {"repo/.git/HEAD": "", "repo/.gitignore": "scratch/\n", "repo/scratch/one/main.py": ""})
    assert names(tmp_path / "repo/scratch/one") == {"main.py"}


def test_gitignores_outside_a_repository_do_not_reach_in(tmp_path: Path) -> None:
    write(tmp_path, {".gitignore": "*.py\n", "one/main.py": ""})
    assert names(tmp_path / "one") == {"main.py"}


def test_dockerignore_is_anchored_and_takes_back(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            ".dockerignore": "# all but the source\ndata\n*.md\n**/*.tmp\n!data/keep\n./docs/\n",
            "data/drop": "",
            "data/keep": "",
            "sub/data": "",
            "NOTES.md": "",
            "README.md": "",
            "sub/x.tmp": "",
            "sub/x.md": "",
            "docs/x": "",
        },
    )
    assert names(tmp_path) == {".dockerignore", "README.md", "data/keep", "sub/data", "sub/x.md"}


def test_what_a_build_reads_goes_though_dockerignore_names_it(tmp_path: Path) -> None:
    write(
        tmp_path,
        {".dockerignore": "*\n", ".actor/actor.json": "{}", ".actor/Dockerfile": "", "Dockerfile": "", "x": ""},
    )
    assert names(tmp_path) == {".actor/Dockerfile", ".actor/actor.json", ".dockerignore", "Dockerfile"}


def test_links_inside_go_as_files_and_links_out_do_not(tmp_path: Path) -> None:
    root = write(tmp_path / "root", {"a/file": "text"})
    write(tmp_path, {"outside/secret": "s"})
    (root / "link").symlink_to(root / "a/file")
    (root / "folder_link").symlink_to("a")
    (root / "out").symlink_to(tmp_path / "outside/secret")
    (root / "out_folder").symlink_to("../outside")
    (root / "dead").symlink_to("nowhere")
    (root / "a/round").symlink_to("..")
    os.mkfifo(root / "pipe")
    read = source.read(root)
    assert {file["name"]: file["content"] for file in read.files} == dict.fromkeys(
        ["a/file", "folder_link/file", "link"], "text"
    )
    assert sorted(entry.split(":")[0] for entry in read.left_out) == sorted(
        ["'a/round'", "'dead'", "'folder_link/round'", "'out'", "'out_folder'", "'pipe'"]
    )


def test_a_tree_over_the_limit_is_refused_with_its_largest_files(tmp_path: Path) -> None:
    (tmp_path / "big.bin").write_bytes(b"x" * (source.MAX_BYTES - 1))
    (tmp_path / "small").write_bytes(b"x")
    assert len(source.read(tmp_path).files) == 2
    (tmp_path / "one_more").write_bytes(b"x")
    with pytest.raises(
        Problem, match=r"3,145,729 bytes in 3 files[^$]*3,145,728 bytes together[^$]*big\.bin"
    ) as refused:
        source.read(tmp_path)
    assert refused.value.exit_code == INVALID_INPUT
    assert ".dockerignore" in refused.value.advice


@pytest.mark.parametrize(
    ("definition", "why"),
    [("{", "line 1 column 2"), ("[]", "JSON object"), ('{"version": 0.1}', "'version' must be text, not 0.1")],
)
def test_a_definition_that_cannot_be_read_is_refused(tmp_path: Path, definition: str, why: str) -> None:
    write(tmp_path, {".actor/actor.json": definition})
    with pytest.raises(Problem, match=why) as refused:
        source.read(tmp_path)
    assert refused.value.exit_code == INVALID_INPUT


def test_variables_of_the_definition_are_kept_but_not_secrets_of_the_apify_command(tmp_path: Path) -> None:
    write(tmp_path, {".actor/actor.json": '{"environmentVariables": {"A": "1", "B": "@secret"}}'})
    read = source.read(tmp_path)
    assert read.env_vars == [{"name": "A", "value": "1"}]
    assert "'B'" in read.left_out[0]


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="holds no file"):
        source.read(tmp_path)
