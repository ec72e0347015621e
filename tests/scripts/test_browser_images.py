"""The names of images with a browser, and the images themselves. `make browsers` builds them, which takes minutes."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

import docker
import pytest
from docker.errors import DockerException

from scripts import base_images, browser_images

PLAYWRIGHT, PUPPETEER, PYTHON = browser_images.NAMES
NODE_PAGE = """
    const page = await browser.newPage();
    await page.setContent('<title>Hi</title>');
    console.log(await page.title());
    await browser.close();
"""
PROGRAMS = {
    PLAYWRIGHT: ["node", "-e", f"require('playwright').chromium.launch().then(async (browser) => {{ {NODE_PAGE} }})"],
    PUPPETEER: [
        "node",
        "-e",
        f"require('puppeteer').launch({{ args: ['--no-sandbox'] }}).then(async (browser) => {{ {NODE_PAGE} }})",
    ],
    PYTHON: [
        "python",
        "-c",
        "from playwright.sync_api import sync_playwright as playwright\n"
        "with playwright() as libraries:\n"
        "    page = libraries.chromium.launch().new_page()\n"
        "    page.set_content('<title>Hi</title>')\n"
        "    print(page.title())",
    ],
}


@pytest.mark.parametrize(
    ("name", "base", "requirement"),
    [
        ("apify/actor-node-playwright-chrome:22-1.56.1", "apify/actor-node:22", "playwright@1.56.1"),
        ("apify/actor-node-playwright-chrome:20", "apify/actor-node:20", "playwright"),
        ("apify/actor-node-playwright-chrome", "apify/actor-node:latest", "playwright"),
        ("apify/actor-node-puppeteer-chrome:22-24.10.0", "apify/actor-node:22", "puppeteer@24.10.0"),
        ("apify/actor-python-playwright:3.13-1.56.0", "apify/actor-python:3.13", "playwright==1.56.0"),
        ("apify/actor-python-playwright:latest", "apify/actor-python:latest", "playwright"),
    ],
)
def test_the_tag_names_the_base_and_the_version_of_the_library(name: str, base: str, requirement: str) -> None:
    repository, tag, version = browser_images.parsed(name)
    assert (f"{repository.base}:{tag}", repository.requirement(version)) == (base, requirement)


@pytest.mark.parametrize("name", ["apify/actor-node:22", "apify/actor-python-selenium", f"{PLAYWRIGHT}-1-2", "x"])
def test_an_unknown_image_is_rejected(name: str) -> None:
    with pytest.raises(SystemExit, match="unknown image"):
        browser_images.main([name])


@pytest.mark.parametrize("answers", [True, False])
def test_missing_images_are_pulled_or_built(monkeypatch: pytest.MonkeyPatch, answers: bool) -> None:
    labels = {PLAYWRIGHT: {}, PUPPETEER: {base_images.LABEL: "of an earlier revision"}}
    pulled: list[str] = []
    built: list[str] = []
    monkeypatch.setattr("scripts.browser_images.docker.from_env", lambda **_: None)
    monkeypatch.setattr(
        browser_images, "find", lambda _, name: SimpleNamespace(labels=labels[name]) if name in labels else None
    )
    monkeypatch.setattr(browser_images, "registry_answers", lambda _: answers)
    monkeypatch.setattr(browser_images, "pull", lambda _, name: pulled.append(name))
    monkeypatch.setattr(browser_images, "build", lambda _, name: built.append(name))
    browser_images.main([])
    assert (pulled, built) == (([PUPPETEER, PYTHON], []) if answers else ([], [PUPPETEER, PYTHON]))


@pytest.fixture(scope="module")
def engine() -> Any:
    try:
        engine = docker.from_env()
        engine.ping()
    except DockerException as error:
        pytest.skip(f"no Docker engine: {error}")
    return engine


@pytest.mark.docker
@pytest.mark.skipif("GREENROOM_BROWSER_IMAGES" not in os.environ, reason="`make browsers` builds these images")
@pytest.mark.timeout(base_images.ENGINE_SECS)  # the first test with an image builds it
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_browser_starts_without_an_executable_path(engine: Any, name: str) -> None:
    browser_images.main([name])
    output = engine.containers.run(
        name, PROGRAMS[name], remove=True, network_disabled=True, mem_limit="1g", memswap_limit="1g", init=True
    )
    assert output.decode().split()[-1] == "Hi"
