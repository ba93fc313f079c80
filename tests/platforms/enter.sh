#!/usr/bin/env bash
# enter.sh USERLAND FOLDER COMMAND…: runs a command in a userland of userlands.sh. It sees this tree as /project, FOLDER as
# /test and a folder /noexec on which nothing can be run. Its mounts are its own and end with it.
set -euo pipefail
# shellcheck source=tests/tools/common.sh
. "$(dirname "$0")/../tools/common.sh"

if [[ $1 != --inside ]]; then
    # An ordinary user is root in a namespace of users.
    as_root=()
    [[ $EUID -eq 0 ]] || as_root=(--map-root-user)
    exec unshare --mount "${as_root[@]}" "$0" --inside "$@"
fi

userland=$2
folder=$3
shift 3
for name in proc dev sys; do
    mkdir -p "$userland/$name"
    mount --rbind "/$name" "$userland/$name"
done
mkdir -p "$userland"/{project,test,noexec,tmp}
mount --bind "$root" "$userland/project"
mount --bind "$folder" "$userland/test"
mount -t tmpfs tmpfs "$userland/tmp"
mount -t tmpfs -o noexec tmpfs "$userland/noexec"
[[ ! -e $userland/qemu-aarch64 ]] || set -- /qemu-aarch64 "$@"
exec chroot "$userland" "$@"
