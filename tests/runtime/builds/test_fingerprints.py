from __future__ import annotations

from runtime.builds.fingerprints import fingerprint


def of(context: str = "abc", dockerfile: str = "Dockerfile", **inputs: dict[str, str]) -> str:
    return fingerprint(context, dockerfile, inputs.get("args", {}), inputs.get("images", {}))


def test_every_input_of_a_build_changes_the_fingerprint() -> None:
    fingerprints = [
        of(),
        of("abcd"),
        of(dockerfile=".actor/Dockerfile"),
        of(args={"A": "1"}),
        of(args={"A": "2"}),
        of(images={"a": "sha256:1"}),
        of(images={"a": "sha256:2"}),
    ]
    assert len(set(fingerprints)) == len(fingerprints)
    assert of(args={"A": "1", "B": "2"}) == of(args={"B": "2", "A": "1"})
