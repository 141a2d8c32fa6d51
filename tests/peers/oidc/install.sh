#!/usr/bin/env bash
# install.sh python|node|provider|apache: an outside client with pinned versions, unpatched, below <target>/peers; prints what runs it. Exit
# status 3, with the reason on standard error: it cannot be installed here.
set -euo pipefail
cd "$(dirname "$0")/../../.."
# shellcheck source=scripts/prepare.sh
. scripts/prepare.sh

here=tests/peers/oidc
peers=$(target_dir)/peers
log=$peers/oidc-$1.log
mkdir -p "$peers"
: >"$log"

cannot() {
  printf '%s: cannot be installed here: %s (log: %s)\n' "$1" "$2" "$log" >&2
  exit 3
}

case $1 in
python)
  venv=$peers/oidc-venv
  wanted=$(sha256sum "$here/requirements.txt" | cut -d' ' -f1)
  if [ "$(cat "$venv/.requirements" 2>/dev/null)" != "$wanted" ]; then
    rm -rf "$venv"
    { python3 -m venv "$venv" && "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"; } \
      </dev/null >>"$log" 2>&1 || cannot authlib "pip failed"
    printf '%s\n' "$wanted" >"$venv/.requirements"
  fi
  printf '%s\n' "$venv/bin/python"
  ;;
node | provider)
  if ! command -v node >/dev/null; then (ensure_packages nodejs npm) >>"$log" 2>&1 || cannot "$1" "there is no Node.js"; fi
  major=$(node --version | sed 's/^v\([0-9]*\).*/\1/')
  [ "$major" -ge 20 ] || cannot "$1" "it needs Node.js 20, this is $(node --version)"
  folder=$peers/oidc-$1
  wanted=$(sha256sum "$here/$1/package-lock.json" | cut -d' ' -f1)
  if [ "$(cat "$folder/.lock" 2>/dev/null)" != "$wanted" ]; then
    rm -rf "$folder"
    mkdir -p "$folder"
    cp "$here/$1/package.json" "$here/$1/package-lock.json" "$folder/"
    npm ci --prefix "$folder" --silent --no-audit --no-fund </dev/null >>"$log" 2>&1 || cannot "$1" "npm failed"
    printf '%s\n' "$wanted" >"$folder/.lock"
  fi
  # Node looks for packages beside the scripts.
  cp "$here/$1"/*.mjs "$folder/"
  printf '%s\n' "$folder"
  ;;
apache)
  (ensure_packages apache2-bin libapache2-mod-auth-openidc) >>"$log" 2>&1 || cannot mod_auth_openidc "Debian's packages"
  printf 'python3\n'
  ;;
*)
  printf 'install.sh python|node|provider|apache\n' >&2
  exit 2
  ;;
esac
