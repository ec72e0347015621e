#!/usr/bin/env bash
# Runs the tests without containers on all cores, with a tenth of the random examples and of the costly cases. Tests
# that are about another process, such as a real client or a killed command, are left out: each takes a second of CPU.
# Folders with only such tests are not even collected, because some of their modules import large packages.
# Arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly LEFT_OUT=(tests/clients tests/console tests/crawls tests/kills tests/sample_actors tests/soak)

main() {
    local folder processes
    folder=$(mktemp -d "$(memory_folder)/greenroom-fast.XXXXXX")
    trap 'rm -rf "'"$folder"'"' EXIT
    processes=$(($(getconf _NPROCESSORS_ONLN) + 1))
    # With bytecode files, the processes do not all compile the same modules again. The plugins are not used here, but
    # take part in every test. faulthandler's timeout would start a thread for each test, beside that of pytest-timeout.
    # Many tests wait, so there is one process more than cores. In the order of their names, long modules with few tests
    # do not all come last.
    PYTHONDONTWRITEBYTECODE= .venv/bin/python -m pytest -q -m "not docker and not processes" -n "$processes" \
        "${LEFT_OUT[@]/#/--ignore=}" --dist loadfile --no-loadscope-reorder \
        -p no:schemathesis -p no:anyio -o faulthandler_timeout=0 --hypothesis-profile fast --basetemp "$folder/tmp" "$@"
}

# Most tests create a database. In memory, the suite takes a tenth less time than on a disk.
memory_folder() {
    if [ -w /dev/shm ]; then echo /dev/shm; else echo "${TMPDIR:-/tmp}"; fi
}

main "$@"
