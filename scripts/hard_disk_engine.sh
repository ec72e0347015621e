#!/usr/bin/env bash
# A second Docker engine for tests, with hard disk limits: its data is on a btrfs file system in a file.
# `start` starts it and prints its DOCKER_HOST, `stop` removes it completely, `status` succeeds if it responds.
set -euo pipefail

readonly STATE=${GREENROOM_TEST_ENGINE_DIR:-/var/tmp/greenroom-hard-disk-engine}
readonly SOCKET=$STATE/docker.sock
readonly PID_FILE=$STATE/dockerd.pid
readonly LOG=$STATE/dockerd.log
readonly DISK=$STATE/disk.btrfs
readonly DATA=$STATE/data
readonly DISK_SIZE=20G # sparse
readonly NAME=greenroom-disk
readonly BRIDGE=$NAME
readonly BRIDGE_ADDRESS=172.31.254.1/24
readonly IMAGE=apify/actor-python:3.13

start() {
    answers || start_engine
    load_image
    echo "unix://$SOCKET"
}

start_engine() {
    require_tools
    mountpoint -q "$DATA" || make_disk
    [ -d /sys/class/net/$BRIDGE ] || make_bridge
    start_dockerd
}

# If the engine has crashed, it is started again first, because only the engine knows everything that it created.
stop() {
    if mountpoint -q "$DATA"; then
        answers || start_engine
        remove_containers_and_networks
        stop_dockerd
        umount "$DATA"
    fi
    [ ! -d /sys/class/net/$BRIDGE ] || ip link delete $BRIDGE
    find /sys/fs/cgroup -depth -path "*/$NAME*" -type d -exec rmdir {} +
    rm -rf "$STATE/exec" "$DATA" "$DISK" "$LOG" "$SOCKET"
    [ ! -d "$STATE" ] || rmdir "$STATE"
}

status() {
    answers || fail "not running"
    echo "unix://$SOCKET"
}

answers() { [ -S "$SOCKET" ] && engine info >/dev/null 2>&1; }

engine() { docker --host "unix://$SOCKET" "$@"; }

require_tools() {
    [ "$(id -u)" = 0 ] || fail "this script must run as root"
    command -v mkfs.btrfs >/dev/null && command -v ip >/dev/null && return
    command -v apt-get >/dev/null || fail "install btrfs-progs and iproute2, then try again"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install --yes -qq btrfs-progs iproute2; } >/dev/null
}

make_disk() {
    mkdir -p "$DATA"
    truncate --size=$DISK_SIZE "$DISK"
    mkfs.btrfs --quiet --force "$DISK" >/dev/null
    mount -o loop "$DISK" "$DATA"
    enable_quotas
}

# When a large container is removed, newer kernels stop counting, and enforce no limit until a rescan. The threshold
# prevents that.
enable_quotas() {
    local threshold
    btrfs quota enable "$DATA"
    threshold=/sys/fs/btrfs/$(findmnt --noheadings --output UUID "$DATA")/qgroups/drop_subtree_threshold
    [ ! -e "$threshold" ] || echo 8 >"$threshold"
}

# The engine needs its own bridge. Two engines must not manage the same one, and an engine with `--bridge none` would
# delete the bridge of the first engine.
make_bridge() {
    ip link add name $BRIDGE type bridge
    ip address add $BRIDGE_ADDRESS dev $BRIDGE
    ip link set $BRIDGE up
}

# Only the first engine manages iptables. Containers of this one reach their gateway, but not the internet.
start_dockerd() {
    stop_dockerd
    setsid dockerd \
        --host "unix://$SOCKET" --pidfile "$PID_FILE" \
        --data-root "$DATA" --exec-root "$STATE/exec" --storage-driver btrfs \
        --cgroup-parent /$NAME --containerd-namespace $NAME --containerd-plugins-namespace $NAME-plugins \
        --bridge $BRIDGE --iptables=false --ip6tables=false \
        >"$LOG" 2>&1 </dev/null &
    for _ in $(seq 60); do
        answers && return
        sleep 1
    done
    tail -n 20 "$LOG" >&2
    fail "dockerd did not answer within 60 s; the end of its log is above"
}

load_image() {
    engine image inspect $IMAGE >/dev/null 2>&1 || docker save $IMAGE | engine load >/dev/null
}

remove_containers_and_networks() {
    engine ps --all --quiet | xargs --no-run-if-empty docker --host "unix://$SOCKET" rm --force --volumes >/dev/null
    engine network prune --force >/dev/null
}

stop_dockerd() {
    local pid
    pid=$(cat "$PID_FILE" 2>/dev/null) || return 0
    if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ]; then
        kill "$pid"
        while [ -d "/proc/$pid" ]; do sleep 0.2; done
    fi
    rm -f "$PID_FILE"
}

fail() {
    echo "hard disk engine: $*" >&2
    exit 1
}

case ${1:-} in
    start | stop | status) "$1" ;;
    *) fail "usage: $0 start|stop|status" ;;
esac
