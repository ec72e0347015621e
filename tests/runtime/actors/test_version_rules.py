from __future__ import annotations

import base64
from typing import Any

import pytest

from runtime.actors import version_rules
from runtime.base.errors import Invalid
from runtime.base.records import SourceFile
from tests.fakes.records import a_version


@pytest.mark.parametrize("number", ["0.0", "0.1", "1.0", "99.99", "10.0"])
def test_valid_version_numbers(number: str) -> None:
    version_rules.check_version(a_version(number=number))


@pytest.mark.parametrize("number", ["", "1", "1.2.3", "100.0", "0.100", "01.0", "1.", "-1.0", "a.b", "1.0\n", "٣.٣"])
def test_invalid_version_numbers(number: str) -> None:
    with pytest.raises(Invalid):
        version_rules.check_version(a_version(number=number))


def test_a_source_file_is_text_or_base64() -> None:
    binary = base64.b64encode(b"\x00\xff").decode()
    assert version_rules.source_bytes(SourceFile(name="a", content="grün")) == "grün".encode()
    assert version_rules.source_bytes(SourceFile(name="a", format="BASE64", content=binary)) == b"\x00\xff"
    for bad in ("###", "YQ", "grün"):
        with pytest.raises(Invalid):
            version_rules.source_bytes(SourceFile(name="a", format="BASE64", content=bad))


@pytest.mark.parametrize(
    ("size", "fits"), [(version_rules.MAX_SOURCE_BYTES, True), (version_rules.MAX_SOURCE_BYTES + 1, False)]
)
def test_all_source_files_together_have_a_limit(size: int, fits: bool) -> None:
    half = size // 2
    files = (SourceFile(name="a", content="x" * half), SourceFile(name="b", content="x" * (size - half)))
    if fits:
        version_rules.check_version(a_version(source_files=files))
    else:
        with pytest.raises(Invalid, match=str(size)):
            version_rules.check_version(a_version(source_files=files))


@pytest.mark.parametrize("names", [("a", "a"), ("a", "a/b"), ("a/b", "a"), ("README", "readme"), ("x/..",)])
def test_conflicting_file_names_are_rejected(names: tuple[str, ...]) -> None:
    with pytest.raises(Invalid, match="Source file name"):
        version_rules.check_version(a_version(source_files=tuple(SourceFile(name=name) for name in names)))


def test_a_folder_may_be_listed_with_its_files() -> None:
    files = (SourceFile(name="a", folder=True), SourceFile(name="a/b"), SourceFile(name="a/c"))
    version_rules.check_version(a_version(source_files=files))


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/a/b.git",
        "https://user:secret@example.com/a/b.git#main",
        "http://example.com/b#v1.2:some/folder",
        "git://example.com/b",
        "ssh://git@example.com:22/b.git",
        "git@example.com:owner/b.git#0123abc",
        "example.com:b.git",
        "/home/somebody/b",
        "file:///home/somebody/b#main:x",
    ],
)
@pytest.mark.parametrize("kind", ["GIT_REPO", "GITHUB_GIST"])
def test_valid_git_urls(url: str, kind: str) -> None:
    version_rules.check_version(a_version(source_type=kind, git_repo_url=url, github_gist_url=url))


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "b",
        "./b",
        "../b",
        "~/b",
        "-oProxyCommand=x:y",
        "--upload-pack=touch:x",
        "ssh://-oProxyCommand=x/b",
        "https://",
        "ftp://example.com/b",
        "ext::sh -c id",
        "ext::sh%20-c%20id",
        "FILE:///b",
        "fd::17",
        "https://example.com/b c",
        "https://example.com/b\n",
        "https://example.com/b#-x",
        "https://example.com/" + "b" * 5000,
    ],
)
def test_invalid_git_urls(url: str | None) -> None:
    with pytest.raises(Invalid):
        version_rules.check_version(a_version(source_type="GIT_REPO", git_repo_url=url))


@pytest.mark.parametrize(
    ("url", "is_valid"),
    [
        ("https://example.com/a.zip", True),
        ("http://localhost:3333/v2/key-value-stores/x/records/y.zip?disableRedirect=true&signature=z", True),
        (None, False),
        ("", False),
        ("ftp://example.com/a.zip", False),
        ("file:///etc/passwd", False),
        ("/etc/passwd", False),
        ("https:///a.zip", False),
        ("http://[::1/a.zip", False),
        ("https://example.com/a b.zip", False),
    ],
)
def test_a_tarball_url_must_be_an_http_url(url: str | None, is_valid: bool) -> None:
    version = a_version(source_type="TARBALL", tarball_url=url)
    if is_valid:
        version_rules.check_version(version)
    else:
        with pytest.raises(Invalid, match="tarballUrl"):
            version_rules.check_version(version)


@pytest.mark.parametrize(("kind", "words"), [("SOURCE_CODE", "legacy"), ("NONSENSE", "must be SOURCE_FILES")])
def test_other_source_types_are_rejected(kind: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        version_rules.check_version(a_version(source_type=kind))


@pytest.mark.parametrize("folder", ["relative", "", "~/x", "/a\0b"])
def test_a_local_folder_must_be_an_absolute_path(folder: str) -> None:
    with pytest.raises(Invalid, match="absolute path"):
        version_rules.check_version(a_version(folder=folder))


@pytest.mark.parametrize(
    ("fields", "paths"),
    [
        ({}, set()),
        ({"folder": "/a"}, {"/a"}),
        ({"source_type": "GIT_REPO", "git_repo_url": "/a#main:x"}, {"/a"}),
        ({"source_type": "GIT_REPO", "git_repo_url": "file:///a"}, {"/a"}),
        ({"source_type": "GITHUB_GIST", "github_gist_url": "/a"}, {"/a"}),
        ({"source_type": "GIT_REPO", "git_repo_url": "https://example.com/a"}, set()),
    ],
)
def test_paths_that_a_build_would_read_on_this_machine(fields: dict[str, Any], paths: set[str]) -> None:
    assert version_rules.host_paths(a_version(**fields)) == paths
