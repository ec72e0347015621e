#!/usr/bin/env bash
# Writes requirements.lock: the versions that pip chooses today in a new, empty environment.
set -euo pipefail
cd "$(dirname "$0")/.."

environment=$(mktemp -d)
trap 'rm -rf "$environment"' EXIT
python3 -m venv "$environment"
"$environment/bin/pip" install -qq --editable '.[dev]'
"$environment/bin/pip" freeze --exclude-editable >"$environment/requirements.lock"
cp "$environment/requirements.lock" requirements.lock
