from __future__ import annotations

from runtime.builds.fingerprints import fingerprint


def of(context: str = "abc", dockerfile: str = "Dockerfile", **given: dict[str, str]) -> str:
    return fingerprint(context, dockerfile, given.get("args", {}), given.get("images", {}))


def test_all_that_an_image_is_made_of_counts() -> None:
    given = [
        of(),
        of("abcd"),
        of(dockerfile=".actor/Dockerfile"),
        of(args={"A": "1"}),
        of(args={"A": "2"}),
        of(images={"a": "sha256:1"}),
        of(images={"a": "sha256:2"}),
    ]
    assert len(set(given)) == len(given)
    assert of(args={"A": "1", "B": "2"}) == of(args={"B": "2", "A": "1"})
