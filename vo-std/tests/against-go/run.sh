#!/usr/bin/env bash
# Compares the library's packages with those of a real Go, by the tests below
# this directory. usage: run.sh [go test arguments], default ./...
#
# The packages are pure Go text, so a copy of them, *.vo renamed to *.go, is a
# Go module of its own ("vostd/fmt" beside Go's "fmt"). Natives, the functions
# without bodies, stand in files named natives.vo; in the copy the files of
# shim/<package>/ take their place.
#
# GO names the go command; without one the comparison is skipped.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
go=${GO:-$(command -v go || true)}
if [ -z "$go" ]; then
    echo "skipped: no Go toolchain (set GO=/path/to/go)"
    exit 0
fi
packages='errors|strconv|unicode|unicode/utf8|unicode/utf16|sort|math|math/bits|math/cmplx|math/rand|math/rand/v2|container/heap|container/list|container/ring|fmt|internal/refl'
work=${WORK:-$(mktemp -d)}
[ -n "${WORK:-}" ] || trap 'rm -rf "$work"' EXIT
mkdir -p "$work"
find "$work" -name '*.go' -delete
cp "$here/go.mod" "$work/"
IFS='|'
for p in $packages; do
    for f in "$here/../../pkg/$p"/*.vo; do
        [ -e "$f" ] || continue
        name=$(basename "$f" .vo)
        [ "$name" = natives ] && continue
        mkdir -p "$work/$p"
        sed -E "s#^(import |\t)\"($packages)\"#\1\"vostd/\2\"#" "$f" >"$work/$p/$name.go"
    done
    for dir in "$here/shim/$p" "$here/$p"; do
        for f in "$dir"/*.go; do
            [ -e "$f" ] || continue
            mkdir -p "$work/$p"
            cp "$f" "$work/$p/"
        done
    done
done
unset IFS
mkdir -p "$work/container"
cp "$here"/container/*.go "$work/container/"
cd "$work"
export GOTOOLCHAIN=local GOFLAGS=-mod=mod
if [ $# -eq 0 ]; then set -- ./...; fi
"$go" test -vet=off "$@"
