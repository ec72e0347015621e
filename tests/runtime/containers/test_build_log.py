from __future__ import annotations

from runtime.containers.build_log import LINE_LIMIT, BuildLog


def test_lines_are_joined_and_progress_is_left_out() -> None:
    log = BuildLog()
    messages: list[dict[str, object]] = [
        {"stream": "Step 1/2 : FROM x"},
        {"stream": "\n"},
        {"status": "Pulling from library/x", "id": "latest"},
        {"status": "Pulling fs layer", "progressDetail": {}, "id": "a1"},
        {"status": "Downloading", "progressDetail": {"current": 1, "total": 2}, "progress": "[=> ]", "id": "a1"},
        {"status": "Digest: sha256:1"},
        {"stream": "\x1b[91mwarning\n\x1b[0m"},
        {"stream": "10%\r50%\r100%\r\nhalf a "},
        {"stream": "line"},
        {"aux": {"ID": "sha256:2"}},
    ]
    lines = [line for message in messages for line in log.feed(message)]
    assert lines == ["Step 1/2 : FROM x", "latest Pulling from library/x", "Digest: sha256:1", "warning", "100%"]
    assert list(log.end()) == ["half a line"]
    assert (log.image_id, log.error) == ("sha256:2", None)


def test_an_endless_line_is_cut() -> None:
    log = BuildLog()
    piece = "x" * (LINE_LIMIT // 4)
    batches = [[*log.feed({"stream": piece})] for _ in range(9)]
    assert [len(line) for lines in batches for line in lines] == [LINE_LIMIT, LINE_LIMIT]
    assert [len(lines) for lines in batches] == [0, 0, 0, 1] * 2 + [0]
    assert list(log.feed({"stream": "y\n"})) == [piece + "y"]
    assert list(log.end()) == []


def test_the_engines_error_is_stored() -> None:
    log = BuildLog()
    assert list(log.feed({"errorDetail": {"code": 7, "message": "no"}, "error": "no"})) == []
    assert log.error == "no"
