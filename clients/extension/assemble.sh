#!/usr/bin/env bash
# Puts the extension together: OUT/chromium (manifest version 3) and OUT/firefox (2). There is nothing to compile.
set -euo pipefail
out=${1:?"assemble.sh OUT"}
here=$(cd "$(dirname "$0")" && pwd)
for browser in chromium firefox; do
  mkdir -p "$out/$browser"
  cp "$here"/src/*.js "$out/$browser/"
  cp "$here/manifest/$browser.json" "$out/$browser/manifest.json"
done
