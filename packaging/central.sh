#!/usr/bin/env bash
# central.sh REPOSITORY: signs each file of a Maven repository with SIGNING_KEY (an armoured OpenPGP key without passphrase) and
# uploads all as one bundle to CENTRAL_URL, with CENTRAL_TOKEN. A maintainer looks at it there and publishes it.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GNUPGHOME=$work/keys
mkdir -m 700 "$GNUPGHOME"
gpg --quiet --batch --import <<<"${SIGNING_KEY:?}"
cp -r "$1" "$work/bundle"
cd "$work/bundle"
find . -name 'maven-metadata*' -delete
while IFS= read -r -d '' file; do
    gpg --quiet --batch --armor --detach-sign "$file"
    for digest in md5 sha1; do "${digest}sum" <"$file" | cut -d' ' -f1 >"$file.$digest"; done
done < <(find . -type f -print0)
zip -qr ../bundle.zip .
# The token goes through standard input: arguments can be read by others.
curl --fail-with-body --silent --show-error --config - --form bundle=@../bundle.zip "${CENTRAL_URL:?}/api/v1/publisher/upload?publishingType=USER_MANAGED" \
    <<<"header = \"Authorization: Bearer ${CENTRAL_TOKEN:?}\""
