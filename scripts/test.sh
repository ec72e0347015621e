#!/usr/bin/env bash
# Runs all tests, with a second Docker engine that enforces disk limits. Exits with pytest's exit code.
# Two groups run in parallel, since tests with containers mostly wait. One starts with the tests without containers, and
# continues with tests that measure no container. The pages of the console come last: a browser ends all its requests
# whenever a container of another test starts or stops.
# With arguments, runs only pytest with these arguments.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly SECOND_LOG=$(mktemp)
readonly SECOND_GROUP=(tests/clients tests/crawls tests/fuzz tests/kills tests/soak tests/runtime/standby)
readonly LAST_GROUP=(tests/console)
readonly INTERRUPTED=2 # pytest's exit code

main() {
    trap cleanup EXIT
    hard_disk_engine
    export GREENROOM_TEST_REQUIRES_DOCKER=1 GREENROOM_FUZZ_SECS="${GREENROOM_FUZZ_SECS:-30}"
    if [ $# -gt 0 ]; then
        tests "$@"
        return
    fi
    set -m # the background job gets its own process group, so that all its processes can be killed
    second_group >"$SECOND_LOG" 2>&1 &
    set +m
    local second=$! failed=0
    local others=("${SECOND_GROUP[@]}" "${LAST_GROUP[@]}")
    tests -m docker "${others[@]/#/--ignore=}" || failed=$?
    [ $failed -ne $INTERRUPTED ] || return $failed
    wait $second || failed=$?
    cat "$SECOND_LOG"
    tests -m docker "${LAST_GROUP[@]}" || failed=$?
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
    local group
    for group in $(jobs -p); do kill -- "-$group" 2>/dev/null || true; done
    scripts/hard_disk_engine.sh stop
    rm -f "$SECOND_LOG"
}

second_group() {
    local failed=0
    tests -m "not docker" || failed=1
    tests -m docker "${SECOND_GROUP[@]}" || failed=1
    return $failed
}

tests() {
    .venv/bin/python -m pytest "$@"
}

main "$@"
