#!/usr/bin/env bash
# Runs all tests, with a second Docker engine that enforces disk limits. Exits with pytest's exit code.
# Tests without containers keep the cores busy, and tests with containers mostly wait, so both groups run in parallel.
# With arguments, runs only pytest with these arguments.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly BUSY_LOG=$(mktemp)
readonly INTERRUPTED=2 # pytest's exit code

main() {
    trap cleanup EXIT
    hard_disk_engine
    export GREENROOM_TEST_REQUIRES_DOCKER=1 GREENROOM_FUZZ_SECS="${GREENROOM_FUZZ_SECS:-60}"
    if [ $# -gt 0 ]; then
        tests "$@"
        return
    fi
    set -m # the background job gets its own process group, so that all its processes can be killed
    busy_tests >"$BUSY_LOG" 2>&1 &
    set +m
    local busy=$! failed=0
    tests -m docker --ignore tests/clients/test_apify_cli.py || failed=$?
    [ $failed -ne $INTERRUPTED ] || return $failed
    wait $busy || failed=$?
    cat "$BUSY_LOG"
    return $failed
}

hard_disk_engine() {
    if [ "$(uname)" = Linux ] && [ "$(id -u)" = 0 ]; then
        GREENROOM_HARD_DISK_DOCKER_HOST=$(scripts/hard_disk_engine.sh start)
        export GREENROOM_HARD_DISK_DOCKER_HOST
    else
        echo "test: the engine with hard disk limits needs Linux and root; its tests are skipped"
    fi
}

cleanup() {
    local busy
    for busy in $(jobs -p); do kill -- "-$busy" 2>/dev/null || true; done
    scripts/hard_disk_engine.sh stop
    rm -f "$BUSY_LOG"
}

busy_tests() {
    local failed=0
    tests -m "not docker" || failed=1
    tests tests/clients/test_apify_cli.py || failed=1
    return $failed
}

tests() {
    .venv/bin/python -m pytest "$@"
}

main "$@"
