// Command strconv writes pkg/strconv/tables.vo: the powers of ten and the
// printable runes, both as constant strings, which cost nothing when a
// program starts. Run it as
//
//	go run ./gen/strconv > ../../pkg/strconv/tables.vo
//
// Digits of the encoding are six bits each, most significant first, as the
// characters from ' ' on; that range has no backquote.
package main

import (
	"bufio"
	"fmt"
	"math/big"
	"os"
	"strings"
	"unicode"
)

const (
	minPow10 = -348
	maxPow10 = 347
)

var out = bufio.NewWriter(os.Stdout)

func main() {
	defer out.Flush()
	fmt.Fprintln(out, "package strconv")
	fmt.Fprintln(out, "\n// Made by tests/against-go/gen/strconv; do not edit.")
	fmt.Fprintf(out, `
// Powers of ten in the table, and the last one that 128 bits hold exactly.
const (
	minPow10   = %d
	maxPow10   = %d
	exactPow10 = 55
)

// pow10 is 10^k, cut to its 128 leading bits: (hi.lo) × 2^(e-127) with e =
// floor(log2(10^k)).
func pow10(k int) (hi, lo uint64) {
	i := (k - minPow10) * 22
	for end := i + 11; i < end; i++ {
		hi = hi<<6 | uint64(pow10Table[i]-' ')
		lo = lo<<6 | uint64(pow10Table[i+11]-' ')
	}
	return hi, lo
}
`, minPow10, maxPow10)
	var table strings.Builder
	for k := minPow10; k <= maxPow10; k++ {
		hi, lo := power(k)
		encode(&table, hi, 11)
		encode(&table, lo, 11)
	}
	writeConst("pow10Table holds 22 characters for each power: 11 of hi, 11 of lo.", "pow10Table", table.String(), 88)
	var edges strings.Builder
	last := false
	for r := rune(0); r <= 0x40000; r++ {
		if p := r < 0x40000 && unicode.IsPrint(r); p != last {
			if r < 0x40000 {
				encode(&edges, uint64(r), 3)
			}
			last = p
		}
	}
	for r := rune(0x40000); r <= unicode.MaxRune; r++ {
		if unicode.IsPrint(r) != (0xE0100 <= r && r <= 0xE01EF) {
			panic("the printable runes above U+3FFFF have changed")
		}
	}
	writeConst("printEdges holds three characters for each rune at which printability changes.", "printEdges", edges.String(), 90)
}

func power(k int) (hi, lo uint64) {
	n := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(k, -k))), nil)
	if k < 0 {
		one := new(big.Int).Lsh(big.NewInt(1), 4096)
		n = one.Quo(one, n)
	}
	if shift := n.BitLen() - 128; shift > 0 {
		n.Rsh(n, uint(shift))
	} else {
		n.Lsh(n, uint(-shift))
	}
	low := new(big.Int).And(n, new(big.Int).SetUint64(^uint64(0)))
	return n.Rsh(n, 64).Uint64(), low.Uint64()
}

func encode(b *strings.Builder, v uint64, width int) {
	for i := width - 1; i >= 0; i-- {
		b.WriteByte(' ' + byte(v>>(6*uint(i))&63))
	}
}

func writeConst(doc, name, s string, width int) {
	fmt.Fprintf(out, "\n// %s\nconst %s = \"\"", doc, name)
	for len(s) > 0 {
		n := min(width, len(s))
		fmt.Fprintf(out, " +\n\t`%s`", s[:n])
		s = s[n:]
	}
	fmt.Fprintln(out)
}
