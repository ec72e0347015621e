"""How the container of a debugged run starts."""

from __future__ import annotations

import pytest

from runtime.containers import Image, StartFailed
from runtime.runs.debugging import Language, debug_start, language_of

DEBUGPY = ["/greenroom/packages/debugpy", "--listen", "0.0.0.0:5678", "--wait-for-client"]


def an_image(start: list[str], **environment: str) -> Image:
    return Image(id="i", size_bytes=1, labels={}, environment=environment, start=start)


@pytest.mark.parametrize(
    ("start", "before", "program"),
    [
        (["python", "main.py", "-m"], ["python"], ["main.py", "-m"]),
        (["python3", "-u", "-m", "src", "--x"], ["python3", "-u"], ["-m", "src", "--x"]),
        (["/usr/bin/python3.12", "-um", "src"], ["/usr/bin/python3.12", "-u"], ["-m", "src"]),
        (
            ["python", "-S", "-X", "dev", "-W", "error", "hello.py"],
            ["python", "-S", "-X", "dev", "-W", "error"],
            ["hello.py"],
        ),
        (["python", "-c", "print(1)"], ["python"], ["-c", "print(1)"]),
        (["/bin/sh", "-c", "python -u 'my main.py'"], ["python", "-u"], ["my main.py"]),
        (["sh", "-c", "exec python3 main.py"], ["python3"], ["main.py"]),
    ],
)
def test_a_python_command_starts_debugpy_with_the_same_program(
    start: list[str], before: list[str], program: list[str]
) -> None:
    assert language_of(an_image(start)) is Language.PYTHON
    assert debug_start(an_image(start), {}, 5678).start == [*before, *DEBUGPY, *program]


@pytest.mark.parametrize(
    ("start", "language"),
    [
        (["node", "main.js"], Language.NODE),
        (["npm", "start", "--silent"], Language.NODE),
        (["docker-entrypoint.sh", "node", "main.js"], Language.NODE),
        (["/bin/sh", "-c", "./run.sh && (python3 main.py)"], Language.PYTHON),
        (["/bin/sh", "-c", "python main.py 'unbalanced"], Language.PYTHON),
        (["uv", "run", "main.py"], Language.UNKNOWN),
        (["sh", "-c", ""], Language.UNKNOWN),
    ],
)
def test_other_commands_stay_and_get_variables_for_both_languages(start: list[str], language: Language) -> None:
    image = an_image(start, NODE_OPTIONS="--max-old-space-size=64", PYTHONPATH="/lib")
    result = debug_start(image, {"PYTHONPATH": "/mine"}, 9229)
    assert (language_of(image), result.start) == (language, start)
    assert result.environment["NODE_OPTIONS"] == "--max-old-space-size=64 --require=/greenroom/debuggers/attach.cjs"
    assert result.environment["PYTHONPATH"] == "/greenroom/debuggers:/mine"
    assert result.environment["GREENROOM_DEBUG_PORT"] == "9229"
    assert [each.target for each in result.mounts] == ["/greenroom/debuggers", "/greenroom/packages/debugpy"]


@pytest.mark.parametrize("start", [[], ["python"], ["python3", "-u"]])
def test_a_command_without_a_program_is_rejected(start: list[str]) -> None:
    with pytest.raises(StartFailed, match="nothing to debug"):
        debug_start(an_image(start), {}, 5678)
