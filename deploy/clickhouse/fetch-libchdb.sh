#!/usr/bin/env bash
# Puts libchdb.so (the ClickHouse engine as a library) into a per-user cache and prints its path.
#
# Safe to run any number of times and in parallel: one run downloads, the others wait for it. The file appears under
# its final name only when its checksum is right. Needs npm once; about 180 MB to download, 540 MB on disk.
# The version here and LIBRARY_VERSION in embedded-clickhouse/src/config/library.rs must be the same.
set -euo pipefail

version=26.7.3-stable.1

fail() {
  echo "fetch-libchdb: $*" >&2
  exit 3
}

platform="$(uname -s)-$(uname -m)"
case "$platform" in
  Linux-x86_64)
    package=@chdb/lib-linux-x64-gnu
    sha256=36ad4e999882821ef13cf2d0f52c93f48e6ee1b4498b35a201c23ce4b8d15bf5
    ;;
  *) fail "no engine library for $platform; use a ClickHouse server instead" ;;
esac

if [ -n "${LIBCHDB_PATH:-}" ]; then
  [ -f "$LIBCHDB_PATH" ] || fail "LIBCHDB_PATH names a file that is not there: $LIBCHDB_PATH"
  echo "$LIBCHDB_PATH"
  exit
fi

directory="${XDG_CACHE_HOME:-$HOME/.cache}/libchdb/$version-$(uname -m)"
library="$directory/libchdb.so"

finish_if_present() {
  if [ -f "$library" ]; then
    echo "$library"
    exit
  fi
}

finish_if_present
command -v npm >/dev/null || fail "npm is needed once to download the engine (or set LIBCHDB_PATH)"
mkdir -p "$directory"
exec 9>"$directory/.lock"
flock 9
finish_if_present

scratch="$(mktemp -d "$directory/.download.XXXXXX")"
trap 'rm -rf "$scratch"' EXIT
(
  cd "$scratch"
  npm pack --silent "$package@$version" >/dev/null
  tar xzf ./*.tgz package/libchdb.so
)
echo "$sha256  $scratch/package/libchdb.so" | sha256sum --check --quiet - >&2 ||
  fail "the downloaded library does not have the expected checksum"
mv "$scratch/package/libchdb.so" "$library"
echo "$library"
