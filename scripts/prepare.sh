# What ./run and ./test both make sure of: the Rust toolchain and Debian packages. Sourced, not executed.
# shellcheck shell=bash

say() { printf '%s\n' "$*"; }
die() {
  printf '%s\n' "$*" >&2
  exit 1
}

# The folder cargo builds into.
target_dir() { printf '%s' "${CARGO_TARGET_DIR:-$PWD/target}"; }

# The oldest Rust that builds the workspace, from Cargo.toml.
rust_needed() { sed -n 's/^rust-version = "\([0-9.]*\)"$/\1/p' Cargo.toml; }

# Stops with instructions when there is no Rust toolchain, or one that is too old.
ensure_rust() {
  local needed found
  needed=$(rust_needed)
  if ! command -v cargo >/dev/null && [ -x "$HOME/.cargo/bin/cargo" ]; then
    PATH="$HOME/.cargo/bin:$PATH"
    export PATH
  fi
  if ! command -v cargo >/dev/null || ! command -v rustc >/dev/null; then
    die "Signum needs Rust $needed or newer, and there is none here. To get it:

  sudo apt-get install --yes curl ca-certificates
  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile default
  . \"\$HOME/.cargo/env\"

Then start this again."
  fi
  found=$(rustc --version | cut -d' ' -f2)
  found=${found%%-*}
  if [ "$(printf '%s\n' "$needed" "$found" | sort --version-sort | head -n 1)" != "$needed" ]; then
    die "Signum needs Rust $needed or newer; this is $found. To get it:  rustup update stable"
  fi
}

installed() { [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# Installs those of the named Debian packages that are missing, and says so; silent when all are there.
ensure_packages() {
  local package missing=() as_root=()
  for package in "$@"; do
    if ! command -v dpkg-query >/dev/null || ! installed "$package"; then missing+=("$package"); fi
  done
  if [ ${#missing[@]} -eq 0 ]; then return 0; fi
  command -v apt-get >/dev/null || die "These packages are missing, and this is not Debian: ${missing[*]}"
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "These Debian packages are missing; as root run:  apt-get install --yes ${missing[*]}"
    as_root=(sudo)
  fi
  local log
  log=$(mktemp -t signum-apt.XXXXXX)
  say "Installing Debian packages: ${missing[*]}"
  if ! { "${as_root[@]}" apt-get update -qq &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get install --yes --no-install-recommends -qq "${missing[@]}"; } </dev/null >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    die "apt-get could not install: ${missing[*]} (whole log: $log)"
  fi
  rm -f "$log"
}

# What building and running needs: a C compiler, the headers of OpenSSL (crate openssl) and PC/SC (crate pcsc), SoftHSM as the token.
BUILD_PACKAGES=(build-essential pkg-config libssl-dev libpcsclite-dev softhsm2 openssl)
export BUILD_PACKAGES

# Those of the judges of a signed document that Debian has, and what pyHanko needs.
JUDGE_PACKAGES=(qpdf poppler-utils python3 python3-venv)
export JUDGE_PACKAGES

# The eID card's stack: PC/SC, the virtual reader, and OpenSC, which nobody here wrote.
CARD_PACKAGES=(pcscd vsmartcard-vpcd opensc opensc-pkcs11 pcsc-tools iproute2 util-linux)
export CARD_PACKAGES

# The Python judges (pyHanko, pkilint), pinned, in an environment of their own below the build folder.
ensure_venv() {
  local venv wanted
  venv=$(target_dir)/venv
  wanted=$(sha256sum tests/peers/requirements.txt | cut -d' ' -f1)
  if [ "$(cat "$venv/.requirements" 2>/dev/null)" = "$wanted" ]; then return 0; fi
  say "Installing the Python judges of tests/peers/requirements.txt into $venv"
  rm -rf "$venv"
  python3 -m venv "$venv" &&
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r tests/peers/requirements.txt </dev/null &&
    printf '%s\n' "$wanted" >"$venv/.requirements"
}
