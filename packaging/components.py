#!/usr/bin/env python3
"""components.py DIRECTORY EPOCH: says what is in the jar, in two files of DIRECTORY.

THIRD-PARTY.txt has each crate that is linked into a library, with its licence and its licence's text. It fails if a crate
brings no text, or a licence that deny.toml does not allow. vault-cipher-VERSION.cdx.json is the SBOM (CycloneDX 1.5): the same
crates with their digests, and the jar's Java part, which needs no other jar. EPOCH is its time, in seconds since 1970.

The crates are those of all platforms: normal dependencies of vault-cipher-jni, without what only builds or tests them.
"""

import hashlib
import json
import pathlib
import re
import subprocess
import sys
import time
import uuid

TEXTS = re.compile(r"^(LICEN[CS]E|COPYING|COPYRIGHT|NOTICE|UNLICENSE)([-._].*)?$", re.IGNORECASE)


ROOT = pathlib.Path(__file__).resolve().parent.parent


# The same list that the licence check of the tests uses.
ACCEPTED = set(re.findall(r'"([^"]+)"', re.search(r"^allow = \[(.*?)\]", (ROOT / "deny.toml").read_text(), re.MULTILINE | re.DOTALL)[1]))


def main(directory, epoch):
    metadata = json.loads(cargo("metadata", "--locked", "--format-version", "1"))
    packages = {(package["name"], package["version"]): package for package in metadata["packages"]}
    version = next(package["version"] for package in metadata["packages"] if package["name"] == "vault-cipher-jni")
    crates = [packages[crate] for crate in sorted(linked()) if packages[crate]["source"]]
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "THIRD-PARTY.txt").write_text(third_party(crates), encoding="utf-8")
    sbom = json.dumps(cyclonedx(crates, lock_digests(), version, epoch), indent=2, sort_keys=True) + "\n"
    (directory / f"vault-cipher-{version}.cdx.json").write_text(sbom, encoding="utf-8")


def cargo(*arguments):
    return subprocess.run(("cargo", *arguments), cwd=ROOT, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout


def linked():
    """Name and version of each crate that ends up in the library for one of our platforms."""
    crates = set()
    for target in re.findall(r"^ *\[[a-z0-9_-]+\]=([a-z0-9_-]+)$", (ROOT / "packaging/platforms.sh").read_text(), re.MULTILINE):
        tree = cargo("tree", "--locked", "--package", "vault-cipher-jni", "--target", target, "--edges", "normal,no-proc-macro",
                     "--prefix", "none", "--format", "{p}")
        crates.update(re.findall(r"^(\S+) v(\S+)", tree, re.MULTILINE))
    return crates


def lock_digests():
    entry = re.compile(r'name = "(.+)"\nversion = "(.+)"\nsource = ".+"\nchecksum = "([0-9a-f]{64})"')
    return {(name, version): digest for name, version, digest in entry.findall((ROOT / "Cargo.lock").read_text())}


def licence(crate):
    """Its licence as an SPDX expression, or the end of the script: every part that is joined by AND must have an accepted choice."""
    expression = (crate["license"] or "").replace("/", " OR ")
    for part in re.split(r" AND ", expression.replace("(", "").replace(")", "")):
        if not {choice.strip() for choice in part.split(" OR ")} & ACCEPTED:
            sys.exit(f"components.py: the licence of {crate['name']} {crate['version']} is '{expression}', which deny.toml does not allow")
    return expression


def texts(crate):
    folder = pathlib.Path(crate["manifest_path"]).parent
    files = sorted(file for file in folder.iterdir() if TEXTS.match(file.name) and file.is_file())
    return [(file.name, file.read_text(encoding="utf-8", errors="replace").strip()) for file in files]


def third_party(crates):
    by_text, list_of_crates = {}, []
    for crate in crates:
        name = f"{crate['name']} {crate['version']}"
        list_of_crates.append(f"{name}: {licence(crate)}")
        found = texts(crate) or [("its manifest", f"{crate['license']}. Copyright: {', '.join(crate['authors']) or 'its authors'}.")]
        for file, text in found:
            by_text.setdefault(text, []).append(f"{name}, {file}")
    parts = [
        "vault-cipher's native library holds code of these crates, each under its own licence. The texts follow.\n\n"
        + "\n".join(list_of_crates) + "\n\nRust's standard library: Apache-2.0 OR MIT\n"]
    for text, names in by_text.items():
        parts.append("=" * 100 + "\n" + "\n".join(names) + "\n" + "-" * 100 + "\n" + text + "\n")
    return "\n".join(parts)


def cyclonedx(crates, digests, version, epoch):
    own = f"pkg:maven/dev.vaultcipher/vault-cipher@{version}"
    components = []
    for crate in crates:
        name, crate_version = crate["name"], crate["version"]
        components.append({
            "type": "library",
            "bom-ref": f"pkg:cargo/{name}@{crate_version}",
            "purl": f"pkg:cargo/{name}@{crate_version}",
            "name": name,
            "version": crate_version,
            "description": (crate["description"] or "").strip(),
            "scope": "required",
            "hashes": [{"alg": "SHA-256", "content": digests[(name, crate_version)]}],
            "licenses": [{"expression": licence(crate)}],
        })
    content = json.dumps(components, sort_keys=True).encode()
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.UUID(bytes=hashlib.sha256(own.encode() + content).digest()[:16], version=4)}",
        "version": 1,
        "metadata": {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch)),
            "component": {
                "type": "library",
                "bom-ref": own,
                "purl": own,
                "group": "dev.vaultcipher",
                "name": "vault-cipher",
                "version": version,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            },
        },
        "components": components,
        # Our jar is complete in itself; which crate needs which one is in Cargo.lock.
        "dependencies": [{"ref": own, "dependsOn": [component["bom-ref"] for component in components]}],
    }


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), int(sys.argv[2]))
