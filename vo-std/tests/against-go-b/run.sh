#!/usr/bin/env bash
# Compares the packages of vo-std/pkg that this suite covers with Go's own, on Go's own compiler.
#
# usage: run.sh [package...]        for example: run.sh strings time
#        run.sh --build DIR         only lay out the module in DIR
#
# It lays out a module "vostd" of copies: pkg/<path>/*.vo becomes <path>/*.go, without natives.vo, whose
# functions come from shims/<path>/shim.go; imports of covered packages are redirected into the module;
# src/<path>/*_test.go compare "vostd/<path>" with "<path>". Packages not covered are Go's.
# GO names the go command; without one the suite is skipped (exit 0).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
pkgs="strings bytes bufio io io/fs os path path/filepath sync sync/atomic time context runtime runtime/debug syscall internal/bytealg internal/oserror internal/refl"
go=${GO:-$(command -v go || true)}
if [ "${1:-}" = --build ]; then dir=$2; mkdir -p "$dir"; shift 2; build=1; else dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; build=; fi
[ -n "$go" ] || { echo "skipped: no Go toolchain (set GO)"; exit 0; }
sed_args=()
for p in $pkgs; do sed_args+=(-e "s#^\(import \|\t\)\(\([a-z_]* \)\?\)\"$p\"\$#\1\2\"vostd/$p\"#"); done
printf 'module vostd\n\ngo 1.27\n' > "$dir/go.mod"
have=()
for p in $pkgs; do
  src=$here/../../pkg/$p
  ls "$src"/*.vo >/dev/null 2>&1 || continue
  have+=("$p"); mkdir -p "$dir/$p"
  for f in "$src"/*.vo; do
    b=$(basename "$f" .vo); [ "$b" = natives ] && continue
    sed "${sed_args[@]}" "$f" > "$dir/$p/$b.go"
  done
  for f in "$here/shims/$p"/*.go "$here/src/$p"/*.go; do [ -e "$f" ] && cp "$f" "$dir/$p/"; done
done
[ -n "$build" ] && exit 0
export GOFLAGS=-mod=mod GO111MODULE=on GOTOOLCHAIN=local GOPROXY=off
cd "$dir"
sel=(); for p in "${@:-${have[@]}}"; do sel+=("./$p"); done
"$go" vet -copylocks=false -unsafeptr=false -stdmethods=false "${sel[@]}"
"$go" test ${GOTESTFLAGS:-} "${sel[@]}"
