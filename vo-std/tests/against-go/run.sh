#!/usr/bin/env bash
# Compares packages of vo-std/pkg with those of the same names in a real Go, on Go's own compiler.
#
# usage: run.sh [package...]        all packages, or some: run.sh strings time
#        run.sh --build DIR         only lay out the module in DIR
#
# It lays out a module "vostd" of copies: pkg/<path>/*.vo becomes <path>/*.go, without natives.vo, whose
# functions come from shims/<path>/shim.go; imports of covered packages are redirected into the module;
# packages/<path>/*_test.go compare "vostd/<path>" with "<path>". Packages not covered are Go's.
# GO names the go command; without one the comparison is skipped (exit 0). GOTESTFLAGS go to `go test`.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# The packages of a group see each other's copies and Go's packages of the other group, so that a test
# can hand one io.Reader or unicode.SpecialCase to both sides.
shared="internal/bytealg internal/oserror internal/refl"
values="container/heap container/list container/ring errors fmt math math/bits math/cmplx math/rand math/rand/v2
  sort strconv unicode unicode/utf16 unicode/utf8"
systems="bufio bytes context io io/fs os path path/filepath strings sync sync/atomic syscall time"

go=${GO:-$(command -v go || true)}
if [ "${1:-}" = --build ]; then
  dir=$2
  mkdir -p "$dir"
else
  [ -n "$go" ] || { echo "skipped: no Go toolchain (set GO=/path/to/go)"; exit 0; }
  dir=$(mktemp -d)
  trap 'rm -rf "$dir"' EXIT
fi

# copy PACKAGE...: puts the packages into the module; their imports of each other lead into it.
copy() {
  local p f name redirect=()
  for p in $shared "$@"; do redirect+=(-e "s#^\(import \|\t\)\(\([a-z_]* \)\?\)\"$p\"\$#\1\2\"vostd/$p\"#"); done
  for p in "$@"; do
    mkdir -p "$dir/$p"
    for f in "$here/../../pkg/$p"/*.vo; do
      name=$(basename "$f" .vo)
      [ "$name" = natives ] || sed "${redirect[@]}" "$f" > "$dir/$p/$name.go"
    done
    [ ! -e "$here/shims/$p/shim.go" ] || cp "$here/shims/$p/shim.go" "$dir/$p/"
  done
}
printf 'module vostd\n\ngo 1.27\n' > "$dir/go.mod"
for group in "$shared" "$values" "$systems"; do copy $group; done
(cd "$here/packages" && find . -name '*.go' -exec cp --parents {} "$dir" \;)
[ "${1:-}" != --build ] || exit 0

cd "$dir"
export GOFLAGS=-mod=mod GO111MODULE=on GOTOOLCHAIN=local GOPROXY=off
tested=${*:-$(find . -name '*_test.go' -printf '%h\n' | sort -u)}
selected=()
for p in $tested; do selected+=("./${p#./}"); done
"$go" test -vet=off ${GOTESTFLAGS:-} "${selected[@]}"
