#!/usr/bin/env bash
# Builds the second PKCS#11 module, kryoptic, from its published crate into <target>/peers and prints the path of the module.
# A module built before is used again. Exit status 3, with the reason on standard error: it cannot be built here.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/prepare.sh
. scripts/prepare.sh

version=1.5.4
# Without what needs OpenSSL 3.2 (Ed25519) or 3.5 (ML-DSA): Debian 12 has 3.0.
features=minimal,kdf_all,kryoptic-lib/dynamic
packages=(clang libclang-dev libsqlite3-dev libssl-dev pkg-config)

folder=$(target_dir)/peers
module=$folder/kryoptic-$version.so
if [ -f "$module" ]; then
  printf '%s\n' "$module"
  exit 0
fi

cannot() {
  printf 'kryoptic %s cannot be built here: %s\n' "$version" "$*" >&2
  exit 3
}

mkdir -p "$folder"
log=$folder/kryoptic.log
: >"$log"
(ensure_packages "${packages[@]}") >>"$log" 2>&1 || cannot "Debian packages ${packages[*]} (log: $log)"

# A package of its own that depends on the crate: cargo fetches it, and everything it needs, as it does ours.
work=$folder/kryoptic-build
rm -rf "$work"
mkdir -p "$work/fetch"
printf '[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2021"\n[lib]\npath = "lib.rs"\n[dependencies]\nkryoptic = { version = "=%s", default-features = false }\n[workspace]\n' \
  "$version" >"$work/fetch/Cargo.toml"
: >"$work/fetch/lib.rs"
cargo metadata --format-version 1 --manifest-path "$work/fetch/Cargo.toml" >"$work/metadata.json" 2>>"$log" ||
  cannot "its crate cannot be fetched (log: $log)"
source=$(python3 -c '
import json, os, sys
packages = json.load(open(sys.argv[1]))["packages"]
print(next(os.path.dirname(p["manifest_path"]) for p in packages if p["name"] == "kryoptic"))' "$work/metadata.json")
cp -r "$source" "$work/source"
printf '\n[workspace]\n' >>"$work/source/Cargo.toml"
(cd "$work/source" &&
  CARGO_TARGET_DIR=$work/target nice cargo build --release --no-default-features --features "$features") >>"$log" 2>&1 ||
  cannot "the build failed (log: $log)"
cp "$work/target/release/libkryoptic_pkcs11.so" "$module.new"
mv "$module.new" "$module"
rm -rf "$work"
printf '%s\n' "$module"
