#!/usr/bin/env bash
# reproduce.sh PLATFORM…: packages these platforms from a copy of this tree in another folder, with nothing built before, and compares
# each file with that in build/dist. The jar for all platforms and what holds it are compared only if build/dist has just these.
set -euo pipefail
# shellcheck source=tests/tools/common.sh
. "$(dirname "$0")/../tools/common.sh"

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cd "$root"
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents --no-dereference --target-directory="$copy"
CARGO_TARGET_DIR=$copy/target "$copy/packaging/package.sh" "$@"

whole=true
for library in build/dist/*-{linux,windows,macos}-*.jar; do
    [[ ! -e $library || -e $copy/$library ]] || whole=false
done
compared=0
for file in "$copy"/build/dist/*; do
    name=${file##*/}
    if ! "$whole" && [[ $name == SHA256SUMS || $name == *.tar.gz || $name =~ ^vault-cipher-[0-9.]+\.jar$ ]]; then continue; fi
    cmp "$file" "build/dist/$name" || die "$name differs between two builds"
    compared=$((compared + 1))
done
say "$compared files are the same in both builds"
