#!/bin/sh
# Makes a base image for docker/Dockerfile out of Debian's packages and the Node of this machine, for places that reach
# no container registry: sh docker/test/base-image.sh NAME. Needs root, mmdebstrap and a Docker engine.
set -eu
name=${1:?give the name of the image, e.g. onescan-base}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# What Debian's slim images leave out too.
set --
for path in man doc locale info groff lintian; do set -- "$@" "--dpkgopt=path-exclude=/usr/share/$path/*"; done
mmdebstrap --quiet --variant=minbase --include=ca-certificates "$@" \
  --customize-hook='chroot "$1" useradd --uid 1000 --user-group --create-home node' \
  --customize-hook='rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/*' \
  bookworm "$folder/root"
npm=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
install -D "$(readlink -f "$(command -v node)")" "$folder/root/usr/local/bin/node"
mkdir -p "$folder/root/usr/local/lib/node_modules" "$folder/root/usr/local/etc"
cp -R "$npm" "$folder/root/usr/local/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$folder/root/usr/local/bin/npm"
ln -s ../lib/node_modules/npm/bin/npx-cli.js "$folder/root/usr/local/bin/npx"
# Where packages come from, and the authorities that this machine believes.
echo "registry=$(npm config get registry)" > "$folder/root/usr/local/etc/npmrc"
bundle=/etc/ssl/certs/ca-certificates.crt
[ ! -e "$bundle" ] || cp "$bundle" "$folder/root$bundle"
tar --create --directory "$folder/root" . \
  | docker import --change 'ENV PATH=/usr/local/bin:/usr/bin:/bin' --change "ENV NODE_EXTRA_CA_CERTS=$bundle" - "$name"
