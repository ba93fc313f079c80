# shellcheck shell=bash
# shellcheck disable=SC2154  # cache comes from common.sh
# Sourced after common.sh: programs from Debian's packages, unpacked into a folder and not installed. apt checks each file:
# Debian's signature on the list of packages, and the digest in the list.

debian_mirror() {
    local mirror=${DEBIAN_MIRROR-}
    [[ -n $mirror ]] || mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} 2>/dev/null |
        sed -nE 's#^(URIs:|deb( \[[^]]*\])?) *([a-z]+://[^ ]*/debian)/?( .*)?$#\3#p' | head -n 1)
    [[ -n $mirror ]] || die "the apt sources of this machine name no mirror of Debian; name one in DEBIAN_MIRROR"
    printf '%s\n' "$mirror"
}

# debian_apt SUITE: prints the configuration of an apt that knows the packages of this suite, of amd64 and arm64, and no
# installed one. Lists are fetched anew after a day.
debian_apt() {
    local suite=$1 directory=$cache/apt-$1 keys=/usr/share/keyrings/debian-archive-keyring.gpg mirror lock
    type -P apt-get >/dev/null || die "there is no apt-get on this machine"
    [[ -e $keys ]] || die "Debian's keys are missing: apt-get install debian-archive-keyring"
    mirror=$(debian_mirror) || return
    mkdir -p "$directory"
    exec {lock}>"$directory/lock"
    flock "$lock"
    if [[ -z $(find "$directory/updated" -mtime -1 2>/dev/null) ]]; then
        mkdir -p "$directory"/{lists,archives}/partial
        : >"$directory/status"
        printf 'deb [signed-by=%s] %s %s main\n' "$keys" "$mirror" "$suite" >"$directory/sources.list"
        cat >"$directory/apt.conf" <<END
Dir::State::lists "$directory/lists";
Dir::State::status "$directory/status";
Dir::Cache "$directory";
Dir::Cache::archives "archives";
Dir::Etc::sourcelist "$directory/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::parts "/dev/null";
APT::Architectures { "amd64"; "arm64"; };
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "3";
END
        # The list of an unstable suite is meant to be a week old at most, which a mirror's may exceed. Its signature counts.
        [[ $suite != sid ]] || echo 'Acquire::Check-Valid-Until "false";' >>"$directory/apt.conf"
        APT_CONFIG=$directory/apt.conf apt-get update -qq >&2 || return
        touch "$directory/updated"
    fi
    exec {lock}>&-
    printf '%s\n' "$directory/apt.conf"
}

# debian_unpack SUITE WITHOUT DIRECTORY PACKAGE…: unpacks these packages and those that they need into DIRECTORY. WITHOUT is an
# extended regular expression: the packages, as NAME:ARCHITECTURE, that are left out. None of their scripts is run.
debian_unpack() {
    local suite=$1 without=$2 directory=$3 config packages files
    shift 3
    config=$(debian_apt "$suite") || return
    say "fetching from Debian's suite $suite: $*"
    packages=$(APT_CONFIG=$config apt-get install --simulate "$@" |
        sed -nE 's/^Inst ([^ :]+)(:[a-z0-9]+)? \(([^ ]+) .*\[([a-z0-9]+)\]\).*/\1:\4=\3/p' | sed 's/:all=/=/' |
        { grep -vE "^($without)=" || true; })
    [[ -n $packages ]] || return
    # Most of Debian's suites have one folder for programs and libraries, with links from the old places.
    mkdir -p "$directory"/usr/{bin,sbin,lib,lib64} "$directory/debs"
    ln -s usr/bin usr/sbin usr/lib usr/lib64 "$directory/"
    # shellcheck disable=SC2086  # a list
    (cd "$directory/debs" && APT_CONFIG=$config apt-get download -qq $packages >&2) || return
    files=("$directory"/debs/*.deb)
    local file
    for file in "${files[@]}"; do
        dpkg-deb --fsys-tarfile "$file" | tar -x --keep-directory-symlink --no-same-owner -f - -C "$directory" || return
    done
    printf '%s\n' "$packages" >"$directory/packages"
    rm -r "$directory/debs"
}
