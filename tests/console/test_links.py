"""Every link that the `apify` command prints and the API returns leads to the page of what it names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from testing.console_stage import ConsoleStage
from testing.live_server import LiveServer
from tests.clients.apify_command import COMMAND_SECS, Apify, create_source, read_until
from tests.console.browser import Visit

pytestmark = pytest.mark.docker

NAME = "linked"
RUN = r"/actors/(\w+)/runs/(\w+)"
BUILD = r"/actors/(\w+)(?:/|#/)builds/([\d.]+)"
ACTOR = r"/actors/(\w+)"
STORAGE = r"/storage/(?:datasets|key-value-stores)/(\w+)"
PRINTED = {
    "push": {ACTOR, BUILD},
    "builds create": {BUILD},
    "builds wait": {BUILD},
    "builds info": {BUILD},
    "call": {ACTOR, RUN, STORAGE},
    "actors start": {ACTOR, RUN},
    "runs info": {RUN, STORAGE},
    "runs wait": {RUN},
    "task run": {ACTOR, RUN, STORAGE},
}
"""Which links each command prints."""
STARTED = ("--json", "-i", '{"sleepSecs": 5}')
"""`actors start` exits with 1 if the run ends before it has read its record."""


@pytest.fixture(scope="module")
def links(console_server: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The paths of the links that each command prints."""
    root = tmp_path_factory.mktemp("apify")
    (root / "home").mkdir()
    apify = Apify(console_server, root / "home", root / "actor")
    create_source(apify.folder, name=NAME)
    apify("login", "--token", "local")
    actor = console_server.data("POST", "actors", json={"name": NAME})["id"]
    console_server.data("POST", "actor-tasks", json={"actId": actor, "name": "linked-task"})
    printed = {name: apify(*name.split(), *words).text for name, words in commands(console_server, actor)}
    return {name: re.findall(rf"{console_server.url}(/[\w/#.-]+)", text) for name, text in printed.items()}


def commands(server: LiveServer, actor: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the commands with their arguments, in an order in which each one has what it shows."""
    yield "push", ("--force", "--json")
    build = server.data("GET", f"actors/{actor}/builds")["items"][0]["id"]
    yield from [("builds create", ("--json",)), ("builds wait", (build, "--json")), ("builds info", (build,))]
    yield "call", ("--json",)
    run = server.data("GET", f"actors/{actor}/runs")["items"][0]["id"]
    yield from [("runs info", (run,)), ("runs wait", (run, "--json")), ("task run", ("linked-task", "--json"))]
    yield "actors start", STARTED


def test_the_links_of_the_command_lead_to_their_pages(
    visit: Visit, console_server: LiveServer, links: dict[str, list[str]]
) -> None:
    visit.origin = console_server.url
    for command, expected in PRINTED.items():
        found = {kind for kind in (RUN, BUILD, ACTOR, STORAGE) for link in links[command] if is_of(kind, link)}
        assert found == expected, (command, links[command])
    for link in sorted({link for printed in links.values() for link in printed}):
        visit.open(link)
        check_page(visit, link)


def is_of(kind: str, link: str) -> bool:
    return re.fullmatch(kind, link) is not None


def check_page(visit: Visit, link: str) -> None:
    """Check that the page has the title and the ID of what a link names."""
    page = visit.page
    if build := re.fullmatch(BUILD, link):
        expect(page.get_by_role("heading", level=2, name=f"Build {build[2]}")).to_be_visible()
        expect(visit.shown_id()).to_have_text(build[1])
        expect(page.get_by_label("Log", exact=True)).to_contain_text("Build finished.")
    else:
        expect(visit.shown_id()).to_have_text(link.rpartition("/")[2])
    if "/actors/" in link:
        expect(page.locator("h1")).to_have_text(NAME)


@pytest.mark.parametrize("path", ["", "/builds/0.0.1", "#/builds/0.0.1", "/runs", "/input", "?approvePermissions=true"])
def test_the_prefix_of_an_organization_changes_nothing(visit: Visit, stage: ConsoleStage, path: str) -> None:
    visit.open(f"/organization/someone/actors/{stage.actor}{path}")
    expect(visit.page).to_have_url(f"{visit.origin}/actors/{stage.actor}{path}")
    expect(visit.shown_id()).to_have_text(stage.actor)


@pytest.mark.parametrize(
    ("fragment", "tab"),
    [
        ("metrics", "Log and metrics"),
        ("storage", "Key-value store"),
        ("live-view", "Web server"),
        ("events", "Events"),
        ("unknown", "Output"),
    ],
)
def test_fragments_select_the_tab_of_a_run(visit: Visit, stage: ConsoleStage, fragment: str, tab: str) -> None:
    visit.open(f"/view/runs/{stage.failed_run}#{fragment}")
    expect(visit.shown_id()).to_have_text(stage.failed_run)
    expect(visit.page.get_by_role("tab", selected=True)).to_have_text(re.compile(rf"^{tab}\d*$"))


@pytest.mark.parametrize(
    ("path", "tab"),
    [("/input", "Start"), ("#console", "Start"), ("#/builds", "Builds"), ("/runs", "Runs"), ("#unknown", "Start")],
)
def test_an_actor_is_named_by_its_user_and_name(visit: Visit, stage: ConsoleStage, path: str, tab: str) -> None:
    visit.open(f"/actors/local~hello{path}")
    expect(visit.shown_id()).to_have_text(stage.actor)
    expect(visit.page.get_by_role("tab", selected=True)).to_have_text(re.compile(rf"^{tab}\d*$"))


def test_the_runs_of_tasks_have_addresses_too(visit: Visit, stage: ConsoleStage) -> None:
    for path in (f"/actors/tasks/{stage.task}/runs/{stage.live_run}", f"/actors/runs/{stage.live_run}"):
        visit.open(path)
        expect(visit.shown_id()).to_have_text(stage.live_run)
    visit.open(f"/actors/tasks/{stage.task}")
    expect(visit.page.locator("h1")).to_have_text("greet-ada")


def test_the_records_of_storages_name_their_page(visit: Visit, stage: ConsoleStage, console_server: LiveServer) -> None:
    for path in (f"datasets/{stage.dataset}", f"key-value-stores/{stage.store}", f"request-queues/{stage.queue}"):
        address = console_server.data("GET", path)["consoleUrl"]
        assert address == f"{visit.origin}/storage/{path}"
        visit.open(f"/storage/{path}")
        expect(visit.shown_id()).to_have_text(path.rpartition("/")[2])


def test_the_address_for_an_approval_grants_permissions_after_a_confirmation(
    visit: Visit, stage: ConsoleStage, console_server: LiveServer
) -> None:
    actor = f"actors/{stage.actor}"
    console_server.data("PUT", actor, json={"actorPermissionLevel": "LIMITED_PERMISSIONS"})
    visit.open(f"/{actor}?approvePermissions=true")
    dialog = visit.page.get_by_role("dialog")
    assert console_server.data("GET", actor)["actorPermissionLevel"] == "LIMITED_PERMISSIONS"
    dialog.get_by_role("button", name="Approve full permissions").click()
    expect(dialog).to_be_hidden()
    expect(visit.page).to_have_url(f"{visit.origin}/{actor}")
    assert console_server.data("GET", actor)["actorPermissionLevel"] == "FULL_PERMISSIONS"


@pytest.mark.parametrize(
    ("button", "printed"),
    [("Send the token to the apify command", "You are logged in to Apify as local"), ("Cancel", "canceled")],
)
def test_the_command_gets_a_token_only_after_a_click(
    visit: Visit, console_server: LiveServer, tmp_path: Path, button: str, printed: str
) -> None:
    visit.origin = console_server.url
    apify = Apify(console_server, tmp_path, tmp_path)
    with apify.started("login", "--method", "console") as command:
        [address] = re.findall(r'"http://127\.0\.0\.1:\d+(/\S+)"', read_until("/settings/integrations?", command))
        [port] = re.findall(r"localCliPort=(\d+)", address)
        local = visit.allow(f"http://localhost:{port}/api/v1/")
        sent: list[str] = []
        visit.page.on("request", lambda request: sent.append(request.url) if request.url.startswith(local) else None)
        visit.open(address)
        order = visit.page.get_by_role("button", name=button)
        order.wait_for()
        assert sent == []
        order.click()
        visit.page.get_by_text("The apify command has").wait_for()
        output, _ = command.communicate(timeout=COMMAND_SECS)
    assert printed in output
    assert len(sent) == 1
