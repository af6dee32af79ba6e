package utf16_test

import (
	"math/rand"
	"slices"
	"testing"
	goutf16 "unicode/utf16"

	"vostd/unicode/utf16"
)

func TestAll(t *testing.T) {
	for r := rune(-2); r < 0x110002; r++ {
		a, b := utf16.EncodeRune(r)
		c, d := goutf16.EncodeRune(r)
		if a != c || b != d || utf16.RuneLen(r) != goutf16.RuneLen(r) || utf16.IsSurrogate(r) != goutf16.IsSurrogate(r) || utf16.DecodeRune(a, b) != goutf16.DecodeRune(a, b) {
			t.Fatalf("%U", r)
		}
		if !slices.Equal(utf16.AppendRune(nil, r), goutf16.AppendRune(nil, r)) {
			t.Fatalf("%U", r)
		}
	}
	rng := rand.New(rand.NewSource(1))
	for i := 0; i < 100000; i++ {
		words := make([]uint16, rng.Intn(6))
		for j := range words {
			words[j] = uint16(0xD700 + rng.Intn(0xA00))
		}
		if !slices.Equal(utf16.Decode(words), goutf16.Decode(words)) {
			t.Fatalf("%x", words)
		}
		runes := utf16.Decode(words)
		if !slices.Equal(utf16.Encode(runes), goutf16.Encode(runes)) {
			t.Fatalf("%x", runes)
		}
	}
}
