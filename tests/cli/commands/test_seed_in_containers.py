"""Stand-ins with a real server and real containers, called by a client and by a limited run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from apify_client import ApifyClient

from testing.live_server import ROOT, LiveServer

pytestmark = pytest.mark.docker

CALLER = """
import os, urllib.request
url = os.environ["APIFY_API_BASE_URL"].rstrip("/") + "/v2/acts/apify~web-scraper/run-sync-get-dataset-items"
headers = {"Authorization": "Bearer " + os.environ["APIFY_TOKEN"], "Content-Type": "application/json"}
request = urllib.request.Request(url, b'{"startUrls": [{"url": "https://a.test/"}]}', headers)
print("got", urllib.request.urlopen(request).read().decode())
"""
INPUT = {"startUrls": [{"url": "https://a.test/"}, {"url": "https://b.test/"}]}


def greenroom(server: LiveServer, *arguments: str) -> Any:
    command = [sys.executable, "-m", "cli", *arguments, "--data-dir", str(server.data_dir), "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def caller(tmp_path: Path) -> Path:
    folder = tmp_path / "caller"
    folder.mkdir()
    (folder / "Dockerfile").write_text('FROM apify/actor-python:3.13\nCOPY main.py ./\nCMD ["python", "main.py"]\n')
    (folder / "main.py").write_text(CALLER)
    return folder


def test_a_client_and_a_run_call_stand_ins_by_their_names(server: LiveServer, caller: Path) -> None:
    seeded = greenroom(server, "seed", "apify/web-scraper", "apify/hello-world")
    assert [actor["buildNumber"] for actor in seeded["actors"]] == ["0.0.1", "0.0.1"]
    client = ApifyClient("any", api_url=server.url)
    run = client.actor("apify/web-scraper").call(run_input=INPUT)
    assert run is not None and run.status == "SUCCEEDED"
    items = client.dataset(run.default_dataset_id).list_items().items
    assert [item["url"] for item in items] == ["https://a.test/", "https://b.test/"]
    assert "This is a stand-in for apify/web-scraper" in (client.log(run.id).get() or "")
    called = greenroom(server, "run", str(caller))["run"]
    assert called["status"] == "SUCCEEDED"
    assert '"url":"https://a.test/"' in (client.log(called["id"]).get() or "").replace(": ", ":")


def test_any_folder_becomes_a_stand_in(server: LiveServer) -> None:
    pushed = greenroom(server, "push", "sample_actors/hello", "--as", "somebody/some-actor")
    assert (pushed["actor"]["username"], pushed["actor"]["isPublic"]) == ("somebody", True)
    client = ApifyClient("any", api_url=server.url)
    run = client.actor("somebody/some-actor").call(run_input={"name": "Ada"})
    assert run is not None and run.status == "SUCCEEDED"
    assert greenroom(server, "seed", "apify/hello-world")["actors"][0]["status"] in {"created", "unchanged"}
