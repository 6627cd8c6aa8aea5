#!/bin/sh
# Builds and pushes the image of the commit that is checked out: sh docker/release.sh REPOSITORY VERSION [BASE].
# The base is resolved to its digest first, which the image then names, so that it can be built again.
set -eu
repository=${1:?give the repository, e.g. REGISTRY/someone/onescan}
version=${2:?give the version, e.g. 0.2.0}
base=${3:-node:24-bookworm-slim}
docker pull --quiet "$base"
digest=$(docker image inspect --format '{{index .RepoDigests 0}}' "$base")
docker build --file docker/Dockerfile \
  --build-arg NODE_IMAGE="$digest" --build-arg VERSION="$version" --build-arg COMMIT="$(git rev-parse HEAD)" \
  --label org.opencontainers.image.base.name="$digest" \
  --tag "$repository:$version" --tag "$repository:latest" .
docker push "$repository:$version"
docker push "$repository:latest"
