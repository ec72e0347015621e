#!/usr/bin/env bash
# Checks the locked Python and JavaScript packages for known vulnerabilities. Where the data cannot be reached, it reports
# the age of the lock file instead. Fails only if a vulnerability is found.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly PIP_AUDIT='pip-audit>=2.9,<3'

main() {
    local failed=0
    audit_python || failed=1
    audit_javascript tests/clients || failed=1
    return $failed
}

audit_python() {
    local environment output code=0
    environment=$(mktemp -d)
    trap 'rm -rf "'"$environment"'"' RETURN
    if ! { python3 -m venv "$environment" && "$environment/bin/pip" install -qq "$PIP_AUDIT"; } >/dev/null 2>&1; then
        unreachable pip-audit requirements.lock
        return
    fi
    # It exits with 1 for vulnerabilities and for errors, and prints a report only if it had the data.
    output=$("$environment/bin/pip-audit" --disable-pip --no-deps --timeout 20 --progress-spinner off --format columns \
        --requirement requirements.lock 2>&1) || code=$?
    # A mirror without this data answers that it does not know any package.
    if [ $code -ne 0 ] && ! grep -q 'known vulnerabilit' <<<"$output" ||
        [ "$(grep -c 'could not be audited' <<<"$output")" -ge "$(wc -l <requirements.lock)" ]; then
        unreachable pip-audit requirements.lock
        return
    fi
    echo "$output"
    return $code
}

audit_javascript() {
    local output code=0
    output=$(npm audit --prefix "$1" --package-lock-only 2>&1) || code=$?
    if [ $code -ne 0 ] && ! grep -q 'vulnerabilit' <<<"$output"; then
        unreachable 'npm audit' "$1/package-lock.json"
        return
    fi
    echo "$output"
    return $code
}

unreachable() {
    local changed now
    changed=$(git log -1 --format=%ct -- "$2" 2>/dev/null || true)
    now=$(date +%s)
    [ -n "$changed" ] || changed=$now
    echo "audit: $1 cannot reach its data. $2 is $(((now - changed) / 86400)) days old; \`make lock\` renews locks."
}

main
