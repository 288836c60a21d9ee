#!/bin/sh
# Installs node soap, pinned by the lock file beside this script, into a folder outside the tree.
# usage: fetch.sh FOLDER
set -eu
here=$(dirname "$0")
mkdir -p "$1"
cp "$here/package.json" "$here/package-lock.json" "$1/"
npm ci --silent --no-audit --no-fund --ignore-scripts --prefix "$1"
