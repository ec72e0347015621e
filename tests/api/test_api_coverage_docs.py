"""docs/api-coverage.md, compared with the application and Apify's OpenAPI document.

GREENROOM_OPENAPI is the path of the document.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.fakes.api import Api

DOCUMENT = os.environ.get("GREENROOM_OPENAPI", "")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "api-coverage.md"
ROW = re.compile(r"\| `(/v2/[\w-]+)` \| (\d+) \| (\d+) \|")
METHODS = frozenset({"get", "head", "put", "post", "patch", "delete"})

Operations = Counter[str]
"""How many operations begin with a path such as `/v2/actors`."""


@pytest.mark.skipif(not DOCUMENT, reason="GREENROOM_OPENAPI is not the path of an OpenAPI document")
async def test_the_table_is_correct(api: Api) -> None:
    documented = _documented(Path(DOCUMENT))
    page = PAGE.read_text()
    table = {begin: (int(of_platform), int(here)) for begin, of_platform, here in ROW.findall(page)}
    existing = {path: await _methods_at(api, address) for path, address in (await _addresses(api, documented)).items()}
    of_platform = Operations(_begin(path) for path, methods in documented.items() for _ in methods)
    here = Operations(_begin(path) for path, methods in documented.items() for _ in methods & existing[path])
    assert table == {begin: (count, here[begin]) for begin, count in of_platform.items()}
    prose = " ".join(page.split())  # its lines can be wrapped anywhere
    assert f"The Apify API has {of_platform.total()} operations" in prose
    assert f"Greenroom has {here.total()} of them" in prose


def _documented(document: Path) -> dict[str, set[str]]:
    """The methods of each path in the document."""
    paths = json.loads(document.read_text())["paths"]
    return {path: {each.upper() for each in METHODS & operations.keys()} for path, operations in paths.items()}


async def _addresses(api: Api, paths: dict[str, set[str]]) -> dict[str, str]:
    """The paths with the ids of records that exist. Parameters of other names may have any value."""
    actor = await api.create_actor()
    task = await api.data("POST", "/v2/actor-tasks", json={"actId": actor.id})
    run = await api.data("POST", f"/v2/actor-tasks/{task['id']}/runs")
    known = {"actorId": actor.id, "buildId": run["buildId"], "runId": run["id"], "actorTaskId": task["id"]}
    return {path: re.sub(r"{(\w+)}", lambda found: known.get(found[1], "any"), path) for path in paths}


async def _methods_at(api: Api, address: str) -> set[str]:
    """The methods that the application has at an address. The error for any other method lists them."""
    answer = await api.call("PATCH", address)
    if answer.status_code == 404:
        assert answer.json()["error"]["type"] == "page-not-found", f"{address}: {answer.text}"
        return set()
    assert answer.status_code == 405, f"{address}: {answer.text}"
    return set(answer.json()["error"]["message"].rpartition(": ")[2].split(","))


def _begin(path: str) -> str:
    return "/".join(path.split("/")[:3])
