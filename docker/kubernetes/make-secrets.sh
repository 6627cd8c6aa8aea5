#!/bin/sh
# Writes an authority, a certificate for each service and the key of approvals: sh docker/kubernetes/make-secrets.sh FOLDER
# Nothing that is there is made anew. Needs openssl.
set -eu
umask 077
mkdir -p "${1:?give the folder}"
cd "$1"
if [ ! -e ca.key ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
    -subj "/CN=onescan authority" -keyout ca.key -out ca.crt 2>/dev/null
fi
for name in fetcher coordinator trainer keda; do
  [ ! -e "$name.crt" ] || continue
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=onescan-$name" \
    -keyout "$name.key" -out "$name.csr" 2>/dev/null
  # The longer names are those by which KEDA calls from its own namespace.
  names=DNS:onescan-$name,DNS:onescan-$name.onescan,DNS:onescan-$name.onescan.svc,DNS:localhost
  printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$names" > "$name.ext"
  openssl x509 -req -in "$name.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 825 \
    -extfile "$name.ext" -out "$name.crt" 2>/dev/null
  rm "$name.csr" "$name.ext"
done
[ -e grant.key ] || openssl rand -hex 32 > grant.key
