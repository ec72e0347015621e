from __future__ import annotations

from runtime.builds.fingerprints import fingerprint


def fingerprint_of(context: str = "abc", dockerfile: str = "Dockerfile", **inputs: dict[str, str]) -> str:
    return fingerprint(context, dockerfile, inputs.get("args", {}), inputs.get("images", {}))


def test_every_input_of_a_build_changes_the_fingerprint() -> None:
    fingerprints = [
        fingerprint_of(),
        fingerprint_of("abcd"),
        fingerprint_of(dockerfile=".actor/Dockerfile"),
        fingerprint_of(args={"A": "1"}),
        fingerprint_of(args={"A": "2"}),
        fingerprint_of(images={"a": "sha256:1"}),
        fingerprint_of(images={"a": "sha256:2"}),
    ]
    assert len(set(fingerprints)) == len(fingerprints)
    assert fingerprint_of(args={"A": "1", "B": "2"}) == fingerprint_of(args={"B": "2", "A": "1"})
