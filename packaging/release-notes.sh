#!/usr/bin/env bash
# release-notes.sh VERSION: prints the part of CHANGELOG.md about this version.
set -euo pipefail
cd "$(dirname "$0")/.."

notes=$(awk -v heading="## [$1]" 'index($0, "## [") == 1 { on = index($0, heading) == 1; next } on' CHANGELOG.md)
[[ -n ${notes//[[:space:]]/} ]] || { echo "release-notes.sh: CHANGELOG.md says nothing about $1" >&2; exit 1; }
printf '%s\n' "$notes"
