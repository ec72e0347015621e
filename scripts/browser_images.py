"""Provides the base images with a browser: `browser_images.py [NAME ...]`. Without names, it provides the usual ones.

If a registry answers, the real images are pulled. If none does, stand-ins are built from the images without a browser
and Debian's Chromium. Their only browser is this version of Chromium, whatever version a library expects.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from dataclasses import dataclass

import docker
from docker.models.images import Image

from scripts import base_images
from scripts.base_images import FILES, find, is_outdated, pull, registry_answers, timed

TAG = re.compile(r"(?P<base>[\w.]+)(?:-(?P<library>[\w.]+))?")
"""The tag of the image without a browser, and the version of the library: `22`, `3.13-1.56.0` or `latest`."""
SCRIPTS = ("install_chromium.sh", "link_chromium.sh", "xvfb-entrypoint.sh")


@dataclass(frozen=True, slots=True)
class Repository:
    """What the images of one name contain: a library on top of the image `base`.

    `package` is the library with a version, as the package manager spells it.
    """

    base: str
    dockerfile: str
    library: str
    package: str

    def requirement(self, version: str | None) -> str:
        return self.library if version is None else self.package.format(version=version)


NODE, PYTHON = ("apify/actor-node", "browser_node.Dockerfile"), ("apify/actor-python", "browser_python.Dockerfile")
REPOSITORIES = {
    "apify/actor-node-playwright-chrome": Repository(*NODE, "playwright", "playwright@{version}"),
    "apify/actor-node-puppeteer-chrome": Repository(*NODE, "puppeteer", "puppeteer@{version}"),
    "apify/actor-python-playwright": Repository(*PYTHON, "playwright", "playwright=={version}"),
}
NAMES = (
    *("apify/actor-node-playwright-chrome:22", "apify/actor-node-puppeteer-chrome:22"),
    "apify/actor-python-playwright:3.13",
)


def main(names: list[str]) -> None:
    if unknown := [name for name in names if parse(name) is None]:
        known = ", ".join(f"{repository}:TAG" for repository in REPOSITORIES)
        sys.exit(f"browser images: unknown image {', '.join(unknown)}. Choose from {known}.")
    engine = docker.from_env(timeout=base_images.ENGINE_SECS)
    images = {name: find(engine, name) for name in names or NAMES}
    missing = [name for name, image in images.items() if image is None or is_outdated(image)]
    provide = pull if missing and registry_answers(base_images.PROBE_SECS) else build
    for name in missing:
        provide(engine, name)


def build(engine: docker.DockerClient, name: str) -> None:
    repository, tag, version = parsed(name)
    base, requirement = f"{repository.base}:{tag}", repository.requirement(version)
    image = find(engine, base)
    if image is None or is_outdated(image):
        base_images.main([base])
    with timed(f"{name}: building"), tempfile.TemporaryDirectory() as context:
        for script in SCRIPTS:
            shutil.copy(FILES / script, context)
        image, _ = engine.images.build(
            path=context,
            dockerfile=str(FILES / repository.dockerfile),
            buildargs={"BASE": base, "PACKAGE": requirement},
            forcerm=True,
            use_config_proxy=True,
        )
        base_images.label(engine, image, name, f"{chromium_version(engine, image)}, {requirement} on {base}")


def chromium_version(engine: docker.DockerClient, image: Image) -> str:
    output = engine.containers.run(
        image, ["--version"], entrypoint="chromium", remove=True, network_disabled=True, stderr=False
    )
    return " ".join(output.decode().split()[:2])


def parsed(name: str) -> tuple[Repository, str, str | None]:
    parts = parse(name)
    assert parts is not None, f"{name} was not validated"
    return parts


def parse(name: str) -> tuple[Repository, str, str | None] | None:
    """Return the repository of an image, the tag of its base image, and the version of its library if it has one."""
    repository, _, tag = name.partition(":")
    parts = TAG.fullmatch(tag or "latest")
    if repository not in REPOSITORIES or parts is None:
        return None
    return REPOSITORIES[repository], parts["base"], parts["library"]


if __name__ == "__main__":
    base_images.run_command(main, "browser images")
