#!/usr/bin/env bash
# check-package.sh WHAT: one test of what packaging/package.sh and packaging/image.sh made; ends with 1 and says why it fails.
# The tests are the functions below.
set -euo pipefail
# shellcheck source=tests/tools/common.sh
. "$(dirname "$0")/../tools/common.sh"

cd "$root"
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml)
name=vault-cipher-$version
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# same FILE FILE
same() { cmp "$1" "$2" || die "$1 and $2 differ"; }

# holds JAR ENTRY
holds() { unzip -l "build/dist/$1" "$2" >/dev/null || die "$1 lacks $2"; }

digests() {
    (cd build/dist && sha256sum --quiet --check SHA256SUMS)
    local file
    for file in build/dist/*; do
        [[ $file == */SHA256SUMS ]] || grep -q "  ${file##*/}\$" build/dist/SHA256SUMS || die "SHA256SUMS lacks $file"
    done
    unzip -q "build/dist/$name.jar" 'META-INF/native/*' -d "$work"
    while IFS= read -r -d '' file; do
        [[ $(sha256sum <"$file" | cut -d' ' -f1) == "$(cat "$file.sha256")" ]] || die "the digest beside $file is another"
    done < <(find "$work" -name '*vault_cipher.*' ! -name '*.sha256' -print0)
}

archive() {
    tar -xzf "build/dist/$name.tar.gz" -C "$work"
    same "$work/$name/$name.jar" "build/dist/$name.jar"
    for file in README.md LICENSE THIRD-PARTY.txt CHANGELOG.md docs/products/bitbucket.md docs/examples/bitbucket.properties; do
        [[ -s $work/$name/$file ]] || die "$file is missing in the archive"
    done
    for program in "build/dist/$name"-program-*; do
        [[ ! -e $program ]] || same "$work/$name/bin/vault-cipher-${program##*-program-}" "$program"
    done
    [[ $(ls "$work") == "$name" ]] || die "the archive has more than one folder: $(ls "$work")"
}

# What Maven Central asks for.
pom() {
    local pom=build/dist/$name.pom
    for element in name description url licenses/license/name licenses/license/url developers/developer/name scm/connection scm/url; do
        python3 - "$pom" "$element" <<'END' || die "the POM lacks $element"
import sys, xml.etree.ElementTree as tree
space = "{http://maven.apache.org/POM/4.0.0}"
found = tree.parse(sys.argv[1]).getroot().find("/".join(space + part for part in sys.argv[2].split("/")))
sys.exit(found is None or not (found.text or "").strip())
END
    done
    holds "$name-sources.jar" dev/vaultcipher/VaultSecretStore.java
    holds "$name-javadoc.jar" dev/vaultcipher/VaultSecretStore.html
}

# A project of Maven's gets the same jars.
maven() {
    mkdir "$work/project"
    cat >"$work/project/pom.xml" <<END
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>test</groupId><artifactId>test</artifactId><version>1</version>
  <repositories><repository><id>local</id><url>file://$root/build/repository</url></repository></repositories>
  <dependencies>
    <dependency><groupId>dev.vaultcipher</groupId><artifactId>vault-cipher</artifactId><version>$version</version></dependency>
    <dependency>
      <groupId>dev.vaultcipher</groupId><artifactId>vault-cipher</artifactId><version>$version</version>
      <classifier>linux-x86_64</classifier>
    </dependency>
  </dependencies>
</project>
END
    # A repository of its own: what other runs have fetched of ours is not to be found.
    (cd "$work/project" && mvn --batch-mode --quiet "-Dmaven.repo.local=$work/maven" \
        org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=libraries)
    same "$work/project/libraries/$name.jar" "build/dist/$name.jar"
    same "$work/project/libraries/$name-linux-x86_64.jar" "build/dist/$name-linux-x86_64.jar"
    [[ $(find "$work/project/libraries" -type f | wc -l) -eq 2 ]] || die "it needs more jars: $(ls "$work/project/libraries")"
}

# And one of Gradle's.
gradle() {
    mkdir "$work/project"
    cat >"$work/project/build.gradle" <<END
apply plugin: 'java'
repositories { maven { url 'file://$root/build/repository' } }
dependencies {
    runtimeOnly 'dev.vaultcipher:vault-cipher:$version'
    runtimeOnly 'dev.vaultcipher:vault-cipher:$version:linux-x86_64'
}
task libraries(type: Copy) { from configurations.runtimeClasspath; into 'libraries' }
END
    touch "$work/project/settings.gradle"
    (cd "$work/project" && JAVA_HOME=$(build_jdk) command gradle --console=plain --quiet libraries)
    same "$work/project/libraries/$name.jar" "build/dist/$name.jar"
    same "$work/project/libraries/$name-linux-x86_64.jar" "build/dist/$name-linux-x86_64.jar"
}

# The SBOM and the licences name the same crates, each with all that is known of it.
components() {
    unzip -p "build/dist/$name.jar" META-INF/THIRD-PARTY.txt >"$work/THIRD-PARTY.txt"
    same "$work/THIRD-PARTY.txt" build/dist/THIRD-PARTY.txt
    python3 - "build/dist/$name.cdx.json" build/dist/THIRD-PARTY.txt <<'END'
import json, re, sys
sbom = json.load(open(sys.argv[1]))
third_party = open(sys.argv[2]).read()
assert (sbom["bomFormat"], sbom["specVersion"]) == ("CycloneDX", "1.5")
crates = {(component["name"], component["version"]) for component in sbom["components"]}
assert {"rustls", "aws-lc-sys", "jni", "tokio"} <= {name for name, _ in crates}, crates
assert not {"serde_derive", "cc", "rcgen"} & {name for name, _ in crates}, "what only builds or tests is in it"
for component in sbom["components"]:
    assert component["purl"] == f"pkg:cargo/{component['name']}@{component['version']}"
    assert re.fullmatch("[0-9a-f]{64}", component["hashes"][0]["content"]) and component["licenses"][0]["expression"]
listed = set(re.findall(r"^(\S+) (\d\S*): \S", third_party.split("=" * 100)[0], re.MULTILINE))
assert listed == crates, listed ^ crates
for name, version in crates:
    assert re.search(rf"^{re.escape(name)} {re.escape(version)}, ", third_party, re.MULTILINE), f"no licence text of {name}"
END
}

# programs: how many command-line tools there are.
programs() { find build/dist -name "$name-program-*" | wc -l; }

# The image holds the jar, for both architectures, under the digests that it names, and its program copies.
image() {
    local libraries
    # Each library for musl brings a program.
    libraries=$(unzip -l "build/dist/$name.jar" | grep -c 'linux-.*-musl/libvault_cipher.so$' || true)
    [[ $(programs) == "$libraries" ]] || die "$(programs) programs with $libraries libraries for musl"
    packaging/image.sh
    python3 - build/image "build/dist/$name.jar" "$version" "$work" "$(programs)" <<'END'
import gzip, hashlib, io, json, sys, tarfile
layout, jar, version, work, programs = sys.argv[1:]
def blob(descriptor):
    content = open(f"{layout}/blobs/{descriptor['digest'].replace(':', '/')}", "rb").read()
    assert "sha256:" + hashlib.sha256(content).hexdigest() == descriptor["digest"] and len(content) == descriptor["size"]
    return content
assert json.load(open(f"{layout}/oci-layout")) == {"imageLayoutVersion": "1.0.0"}
tagged, = json.load(open(f"{layout}/index.json"))["manifests"]
assert tagged["annotations"]["org.opencontainers.image.ref.name"] == version
images = json.loads(blob(tagged))["manifests"]
assert [image["platform"] for image in images] == [{"architecture": a, "os": "linux"} for a in ("amd64", "arm64")], images
for image in images:
    manifest = json.loads(blob(image))
    config = json.loads(blob(manifest["config"]))
    assert (config["architecture"], config["os"]) == (image["platform"]["architecture"], "linux")
    layer, = manifest["layers"]
    content = gzip.decompress(blob(layer))
    assert config["rootfs"]["diff_ids"] == ["sha256:" + hashlib.sha256(content).hexdigest()]
    files = {file.name: file for file in tarfile.open(fileobj=io.BytesIO(content))}
    modes = {"vault-cipher.jar": "0o644", "bin/cp": "0o755"} | ({"bin/vault-cipher": "0o755"} if programs == "2" else {})
    assert {name: oct(file.mode) for name, file in files.items()} == modes, files
    tarfile.open(fileobj=io.BytesIO(content)).extractall(f"{work}/{config['architecture']}")
    assert open(f"{work}/{config['architecture']}/vault-cipher.jar", "rb").read() == open(jar, "rb").read()
END
    mkdir "$work/jar"
    "$work/amd64/bin/cp" "$work/amd64/vault-cipher.jar" "$work/jar/vault-cipher.jar"
    same "$work/jar/vault-cipher.jar" "build/dist/$name.jar"
    [[ $(ls -A "$work/jar") == vault-cipher.jar ]] || die "cp left something: $(ls -A "$work/jar")"
    ! "$work/amd64/bin/cp" "$work/nothing" "$work/jar/nothing" || die "cp copies what is not there"
    file=$(readelf -hW "$work/arm64/bin/cp")
    [[ $file == *AArch64* ]] || die "the program for arm64 is none"
    if [[ $(programs) == 2 ]]; then
        same "$work/amd64/bin/vault-cipher" "build/dist/$name-program-linux-x86_64"
        same "$work/arm64/bin/vault-cipher" "build/dist/$name-program-linux-aarch64"
    fi
}

"$1"
