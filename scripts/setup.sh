#!/usr/bin/env bash
# Sets this machine up: `setup.sh` installs what running Actors needs, `setup.sh --dev` also installs what tests,
# benchmarks and checks need. Safe to repeat.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly DOCKERD_LOG=/var/log/dockerd.log
readonly DOCKERD_PID=/var/run/docker.pid
readonly NETWORK_CHECK_IMAGE=apify/actor-python:3.13

main() {
    case "$*" in
        "")
            users_environment
            console || report "Actors run without the web console. Its page explains how to build it later"
            ;;
        --dev)
            developers_environment
            console
            older_client
            node_dependencies
            browser
            reference_proxy
            ;;
        *) fail "usage: $0 [--dev]" ;;
    esac
    docker_engine
    .venv/bin/python scripts/base_images.py
    container_network
}

users_environment() {
    stamped .venv/.installed "$(versions)" || install_greenroom .
}

# The developer's environment includes the user's, so it has both stamps. When the versions change, a user's set-up
# updates only the user's packages and stamp. The developer's stamp stays outdated, so `--dev` updates the rest later.
developers_environment() {
    stamped .venv/.installed-dev "$(versions)" && return
    install_greenroom '.[dev]'
    versions >.venv/.installed-dev
}

# The lock file is a constraint: pyproject.toml lists the packages to install, and the lock file their versions.
install_greenroom() {
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "Python 3.11 or newer is needed, as python3"
    python3 -c 'import ensurepip' 2>/dev/null || install_packages python3-venv
    report "installing the Python environment"
    [ -x .venv/bin/python ] || python3 -m venv .venv
    .venv/bin/python -m pip install -qq --constraint requirements.lock --editable "$1"
    versions >.venv/.installed
}

console() { .venv/bin/python -m scripts.build_console; }

versions() { checksum requirements.lock pyproject.toml; }

# The previous generation of the Python client needs its own environment, separate from the current client.
older_client() {
    local environment=.venv-client-2 lock=tests/clients/requirements-2.lock wanted
    wanted=$(checksum $lock)
    stamped $environment/.installed "$wanted" && return
    report "installing the older Python client of the tests"
    [ -x $environment/bin/python ] || python3 -m venv $environment
    $environment/bin/python -m pip install -qq --requirement $lock
    echo "$wanted" >$environment/.installed
}

node_dependencies() {
    local folder=tests/clients wanted
    [ -f $folder/package-lock.json ] || return 0
    wanted=$(checksum $folder/package-lock.json)
    stamped $folder/node_modules/.installed "$wanted" && return
    report "installing the Node.js clients of the tests"
    npm ci --prefix $folder --no-audit --no-fund --loglevel=error
    echo "$wanted" >$folder/node_modules/.installed
}

# Only tests/clients/test_browser.py needs it, and is skipped without it. On Ubuntu, the package needs snapd.
browser() {
    command -v chromium >/dev/null && return
    if [ "$(id -u)" = 0 ] && grep -qs '^ID=debian' /etc/os-release; then
        install_packages --no-install-recommends chromium && return
    fi
    report "there is no chromium: the tests of web pages in a browser will be skipped"
}

# Only one benchmark needs it. Where systemd runs, Debian's package would start a web server.
reference_proxy() {
    command -v nginx >/dev/null && return
    if [ "$(id -u)" = 0 ] && [ ! -d /run/systemd/system ] && grep -qs '^ID=debian' /etc/os-release; then
        install_packages --no-install-recommends nginx && return
    fi
    report "there is no nginx: the benchmark of web servers will be skipped"
}

docker_engine() {
    docker info >/dev/null 2>&1 && return
    [ -z "${DOCKER_HOST:-}" ] || fail "no Docker engine answers at DOCKER_HOST=$DOCKER_HOST"
    command -v docker >/dev/null && command -v dockerd >/dev/null || install_packages docker.io
    [ "$(id -u)" = 0 ] || fail "no Docker engine answers: start it, and give this user access to it"
    report "starting the Docker engine"
    if [ -d /run/systemd/system ]; then
        systemctl start docker
    else
        start_dockerd
    fi
    docker info >/dev/null
}

# Without systemd, the engine gets its own session, so that it outlives this one.
start_dockerd() {
    forget_dead_dockerd
    setsid dockerd >$DOCKERD_LOG 2>&1 </dev/null &
    local dockerd=$!
    for _ in $(seq 60); do
        docker info >/dev/null 2>&1 && return
        kill -0 $dockerd 2>/dev/null || break
        sleep 1
    done
    tail -n 20 $DOCKERD_LOG >&2
    fail "dockerd does not answer; the end of its log is above"
}

# After the machine crashed, the pid in the file may belong to another process, and dockerd would not start.
forget_dead_dockerd() {
    local pid
    pid=$(cat $DOCKERD_PID 2>/dev/null) || return 0
    [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ] || rm -f $DOCKERD_PID
}

# Actors reach Greenroom's API at their bridge's gateway. A firewall on this machine may block that.
container_network() {
    local engine
    engine=$(docker info --format '{{.ID}}')$(cat /proc/sys/kernel/random/boot_id 2>/dev/null || true)
    stamped .venv/.network-checked "$engine" && return
    report "checking that containers reach this machine"
    docker run --rm --interactive $NETWORK_CHECK_IMAGE python - <scripts/reach_gateway.py ||
        fail "containers cannot reach this machine: check its firewall (iptables, ufw, firewalld)"
    echo "$engine" >.venv/.network-checked
}

install_packages() {
    grep -qsE '^ID(_LIKE)?=.*(debian|ubuntu)' /etc/os-release && [ "$(id -u)" = 0 ] ||
        fail "install what Debian calls $* (for Docker see https://docs.docker.com/engine/install/), then try again"
    report "installing $* with apt"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install --yes -qq "$@" >/dev/null
}

checksum() { cat "$@" | cksum; }

stamped() { [ "$(cat "$1" 2>/dev/null)" = "$2" ]; }

report() { echo "setup: $*"; }

fail() {
    echo "setup: $*" >&2
    exit 1
}

main "$@"
