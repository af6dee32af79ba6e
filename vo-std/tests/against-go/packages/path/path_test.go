package path_test

import (
	"fmt"
	"math/rand"
	real "path"
	"testing"

	mine "vostd/path"
)

func random(r *rand.Rand, parts []string, n int) string {
	s := ""
	for i := r.Intn(n); i > 0; i-- {
		s += parts[r.Intn(len(parts))]
	}
	return s
}

func TestAgainstGo(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	parts := []string{"/", "/", ".", "..", "a", "bc", "d.e", "é"}
	for i := 0; i < 200000; i++ {
		s, u := random(r, parts, 9), random(r, parts, 4)
		d1, f1 := mine.Split(s)
		d2, f2 := real.Split(s)
		x := fmt.Sprintf("%q", []string{mine.Clean(s), mine.Base(s), mine.Dir(s), mine.Ext(s), mine.Join(s, u, s), d1, f1})
		y := fmt.Sprintf("%q", []string{real.Clean(s), real.Base(s), real.Dir(s), real.Ext(s), real.Join(s, u, s), d2, f2})
		if x != y || mine.IsAbs(s) != real.IsAbs(s) {
			t.Fatalf("%q %q:\n%s\n%s", s, u, x, y)
		}
	}
	if mine.Join() != "" || mine.Join("", "") != "" {
		t.Error("Join")
	}
}

func TestMatch(t *testing.T) {
	r := rand.New(rand.NewSource(2))
	pats := []string{"*", "?", "[", "]", "^", "-", "a", "b", "c", "/", "\\", "é", "\xff", "[a-c]", "[^b]"}
	names := []string{"a", "b", "c", "/", "é", "\xff", "-", "ab", "]", "^", "\\", "*"}
	hits := 0
	for i := 0; i < 2000000; i++ {
		p, n := random(r, pats, 7), random(r, names, 6)
		m1, e1 := mine.Match(p, n)
		m2, e2 := real.Match(p, n)
		if m1 != m2 || (e1 == nil) != (e2 == nil) {
			t.Fatalf("Match(%q, %q) = %v %v, want %v %v", p, n, m1, e1, m2, e2)
		}
		if m1 {
			hits++
		}
	}
	if hits < 1000 {
		t.Error("few matches", hits)
	}
}
