package utf8_test

import (
	"math/rand"
	"testing"
	goutf8 "unicode/utf8"

	"vostd/unicode/utf8"
)

func TestRunes(t *testing.T) {
	for r := rune(-2); r < 0x110002; r++ {
		if utf8.RuneLen(r) != goutf8.RuneLen(r) || utf8.ValidRune(r) != goutf8.ValidRune(r) {
			t.Fatalf("%U", r)
		}
		if string(utf8.AppendRune(nil, r)) != string(r) {
			t.Fatalf("AppendRune %U", r)
		}
		var b [4]byte
		if n := utf8.EncodeRune(b[:], r); string(b[:n]) != string(r) {
			t.Fatalf("EncodeRune %U", r)
		}
	}
}

func TestBytes(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	leads := []byte{0, 'a', 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF}
	for i := 0; i < 2000000; i++ {
		p := make([]byte, rng.Intn(7))
		for j := range p {
			p[j] = leads[rng.Intn(len(leads))]
		}
		s := string(p)
		r, n := utf8.DecodeRune(p)
		r2, n2 := goutf8.DecodeRune(p)
		q, m := utf8.DecodeLastRune(p)
		q2, m2 := goutf8.DecodeLastRune(p)
		if r != r2 || n != n2 || q != q2 || m != m2 {
			t.Fatalf("% x: %U %d, want %U %d; last %U %d, want %U %d", p, r, n, r2, n2, q, m, q2, m2)
		}
		if r, n := utf8.DecodeRuneInString(s); r != r2 || n != n2 {
			t.Fatalf("DecodeRuneInString % x", p)
		}
		if r, n := utf8.DecodeLastRuneInString(s); r != q2 || n != m2 {
			t.Fatalf("DecodeLastRuneInString % x", p)
		}
		if utf8.FullRune(p) != goutf8.FullRune(p) || utf8.FullRuneInString(s) != goutf8.FullRune(p) || utf8.Valid(p) != goutf8.Valid(p) || utf8.ValidString(s) != goutf8.Valid(p) || utf8.RuneCount(p) != goutf8.RuneCount(p) || utf8.RuneCountInString(s) != goutf8.RuneCount(p) {
			t.Fatalf("% x", p)
		}
	}
}
