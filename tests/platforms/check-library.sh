#!/usr/bin/env bash
# check-library.sh PLATFORM FILE: ends with 1 and says why, unless the library is for this platform's machine, needs no newer
# glibc than 2.17 and no other libraries than expected, and offers the functions that the JVM calls.
set -euo pipefail
# shellcheck source=tests/tools/common.sh
. "$(dirname "$0")/../tools/common.sh"
# shellcheck source=packaging/platforms.sh
. "$root/packaging/platforms.sh"

platform=$1
file=$2
declare -A machines=([x86_64]='Advanced Micro Devices X86-64' [aarch64]=AArch64)
declare -A needed=(
    [linux-x86_64]='ld-linux-x86-64.so.2 libc.so.6 libdl.so.2 libpthread.so.0'
    [linux-aarch64]='libc.so.6 libdl.so.2 libpthread.so.0'
    [linux-x86_64-musl]='libc.so'
    [linux-aarch64-musl]='libc.so'
    # api-ms-win-*: the C library of Windows 10 and Server 2016 and later.
    [windows-x86_64]='api-ms-win-*.dll bcryptprimitives.dll crypt32.dll kernel32.dll ntdll.dll ws2_32.dll'
)

# expect WHAT ACTUAL EXPECTED
expect() { [[ $2 == "$3" ]] || die "$file ($platform): $1 is '$2', not '$3'"; }

sorted() { LC_ALL=C sort -u | paste -sd ' '; }

if [[ $platform == windows-* ]]; then
    headers=$(objdump -p "$file")
    expect "the format" "$(sed -n 's/.*file format //p' <<<"$headers")" pei-x86-64
    # Four bytes, eight after the place that the four at 60 name.
    expect "the time in the header" "$(od -An -tu4 -N4 -j $(($(od -An -tu4 -N4 -j60 "$file") + 8)) "$file" | tr -d ' ')" 0
    expect "what it needs" "$(sed -n 's/.*DLL Name: //p' <<<"$headers" | sed 's/^api-ms-win-.*/api-ms-win-*.dll/' | sorted)" "${needed[$platform]}"
    exported=$(sed -nE 's/.* (Java_dev_vaultcipher_.*)/\1/p' <<<"$headers")
else
    arch=${platform#linux-}
    expect "the machine" "$(readelf -hW "$file" | sed -n 's/^ *Machine: *//p')" "${machines[${arch%-musl}]}"
    expect "what it needs" "$(readelf -dW "$file" | sed -nE 's/.*\(NEEDED\).*\[(.*)\]/\1/p' | sorted)" "${needed[$platform]}"
    ! readelf -dW "$file" | grep -E 'RPATH|RUNPATH|TEXTREL' || die "$file ($platform) has a search path or text relocations"
    # Without this header the stack would be executable.
    expect "the stack's protection" "$(readelf -lW "$file" | awk '$1 == "GNU_STACK" { print $7 }')" RW
    newest=$(readelf -VW "$file" | grep -oE 'GLIBC_[0-9.]+' | sort -Vu | tail -n 1 || true)
    if [[ $platform == *-musl ]]; then
        expect "the glibc that it asks for" "$newest" ''
    else
        [[ -n $newest && $(printf '%s\n' "$newest" "GLIBC_$glibc" | sort -V | tail -n 1) == "GLIBC_$glibc" ]] ||
            die "$file ($platform) asks for $newest, not for GLIBC_$glibc at most"
    fi
    exported=$(readelf --dyn-syms -W "$file" | awk '$5 == "GLOBAL" && $7 != "UND" { print $8 }')
    others=$(grep -vE '^(Java_dev_vaultcipher_|JNI_On(Unl|L)oad$)' <<<"$exported" | head -n 5 || true)
    expect "what it exports besides" "$others" ''
fi
grep -q Java_dev_vaultcipher_ <<<"$exported" || die "$file ($platform) exports no function for the JVM"
