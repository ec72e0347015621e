#!/usr/bin/env bash
# Runs all tests, with a second Docker engine whose disk limits are hard; ends with pytest's exit code.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "$(uname)" = Linux ] && [ "$(id -u)" = 0 ]; then
    trap 'scripts/hard_disk_engine.sh stop' EXIT
    GREENROOM_HARD_DISK_DOCKER_HOST=$(scripts/hard_disk_engine.sh start)
    export GREENROOM_HARD_DISK_DOCKER_HOST
else
    echo "test: the engine with hard disk limits needs Linux and root; its tests are skipped"
fi
GREENROOM_TEST_REQUIRES_DOCKER=1 .venv/bin/python -m pytest "$@"
