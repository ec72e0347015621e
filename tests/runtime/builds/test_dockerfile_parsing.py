from __future__ import annotations

import pytest

from runtime.builds.dockerfile_parsing import parse


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
def test_features_that_only_buildkit_supports(text: str, needs: bool) -> None:
    assert parse(text).needs_buildkit is needs


@pytest.mark.parametrize(
    ("text", "images", "has_known_sources"),
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
        ("FROM a\nRUN echo '\u2028FROM b' '\x0cFROM c'", ["a"], True),
    ],
)
def test_the_images_and_whether_all_sources_are_known(text: str, images: list[str], has_known_sources: bool) -> None:
    dockerfile = parse(text)
    assert ([*dockerfile.images], dockerfile.has_known_sources) == (images, has_known_sources)


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
def test_the_ids_of_secret_mounts(mounts: str, ids: list[str]) -> None:
    assert [*parse(f"FROM a\nCOPY type=secret,id=NO /x\nRUN {mounts} make").secrets] == ids
