#!/bin/sh
# Owns the generation of src/wire/gen from vss.proto. The result is committed; the generator is fetched only here and never installed with the app.
# Needs protoc (Debian: apt-get install protobuf-compiler). int64 becomes bigint.
set -eu
cd "$(dirname "$0")/.."
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
npm install --silent --no-save --no-package-lock --prefix "$tools" @bufbuild/protoc-gen-es@2.17.0
protoc --plugin="$tools/node_modules/.bin/protoc-gen-es" --es_out=src/wire/gen --es_opt=target=ts,import_extension=js -I proto vss.proto
