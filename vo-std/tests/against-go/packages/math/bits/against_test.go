package bits_test

import (
	"fmt"
	gobits "math/bits"
	"math/rand"
	"testing"

	"vostd/math/bits"
)

func TestCounts(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	for i := 0; i < 300000; i++ {
		x := rng.Uint64() >> uint(rng.Intn(65)) << uint(rng.Intn(65))
		k := rng.Intn(200) - 100
		a := []any{bits.LeadingZeros64(x), bits.LeadingZeros32(uint32(x)), bits.LeadingZeros16(uint16(x)), bits.LeadingZeros8(uint8(x)), bits.LeadingZeros(uint(x)),
			bits.TrailingZeros64(x), bits.TrailingZeros32(uint32(x)), bits.TrailingZeros16(uint16(x)), bits.TrailingZeros8(uint8(x)), bits.TrailingZeros(uint(x)),
			bits.OnesCount64(x), bits.OnesCount32(uint32(x)), bits.OnesCount16(uint16(x)), bits.OnesCount8(uint8(x)), bits.OnesCount(uint(x)),
			bits.Len64(x), bits.Len32(uint32(x)), bits.Len16(uint16(x)), bits.Len8(uint8(x)), bits.Len(uint(x)),
			bits.RotateLeft64(x, k), bits.RotateLeft32(uint32(x), k), bits.RotateLeft16(uint16(x), k), bits.RotateLeft8(uint8(x), k), bits.RotateLeft(uint(x), k),
			bits.Reverse64(x), bits.Reverse32(uint32(x)), bits.Reverse16(uint16(x)), bits.Reverse8(uint8(x)), bits.Reverse(uint(x)),
			bits.ReverseBytes64(x), bits.ReverseBytes32(uint32(x)), bits.ReverseBytes16(uint16(x)), bits.ReverseBytes(uint(x))}
		b := []any{gobits.LeadingZeros64(x), gobits.LeadingZeros32(uint32(x)), gobits.LeadingZeros16(uint16(x)), gobits.LeadingZeros8(uint8(x)), gobits.LeadingZeros(uint(x)),
			gobits.TrailingZeros64(x), gobits.TrailingZeros32(uint32(x)), gobits.TrailingZeros16(uint16(x)), gobits.TrailingZeros8(uint8(x)), gobits.TrailingZeros(uint(x)),
			gobits.OnesCount64(x), gobits.OnesCount32(uint32(x)), gobits.OnesCount16(uint16(x)), gobits.OnesCount8(uint8(x)), gobits.OnesCount(uint(x)),
			gobits.Len64(x), gobits.Len32(uint32(x)), gobits.Len16(uint16(x)), gobits.Len8(uint8(x)), gobits.Len(uint(x)),
			gobits.RotateLeft64(x, k), gobits.RotateLeft32(uint32(x), k), gobits.RotateLeft16(uint16(x), k), gobits.RotateLeft8(uint8(x), k), gobits.RotateLeft(uint(x), k),
			gobits.Reverse64(x), gobits.Reverse32(uint32(x)), gobits.Reverse16(uint16(x)), gobits.Reverse8(uint8(x)), gobits.Reverse(uint(x)),
			gobits.ReverseBytes64(x), gobits.ReverseBytes32(uint32(x)), gobits.ReverseBytes16(uint16(x)), gobits.ReverseBytes(uint(x))}
		for j := range a {
			if a[j] != b[j] {
				t.Fatalf("x = %#x, k = %d: result %d is %v, want %v", x, k, j, a[j], b[j])
			}
		}
	}
}

func pair(f func() (any, any)) (s string) {
	defer func() {
		if e := recover(); e != nil {
			s = fmt.Sprint(e)
		}
	}()
	a, b := f()
	return fmt.Sprint(a, b)
}

func TestWide(t *testing.T) {
	rng := rand.New(rand.NewSource(2))
	word := func() uint64 {
		x := rng.Uint64() >> uint(rng.Intn(65))
		if rng.Intn(3) == 0 {
			x = -x
		}
		return x
	}
	for i := 0; i < 500000; i++ {
		x, y, z, c := word(), word(), word(), uint64(rng.Intn(2))
		for j, f := range [][2]func() (any, any){
			{func() (any, any) { a, b := bits.Add64(x, y, c); return a, b }, func() (any, any) { a, b := gobits.Add64(x, y, c); return a, b }},
			{func() (any, any) { a, b := bits.Sub64(x, y, c); return a, b }, func() (any, any) { a, b := gobits.Sub64(x, y, c); return a, b }},
			{func() (any, any) { a, b := bits.Add32(uint32(x), uint32(y), uint32(c)); return a, b }, func() (any, any) { a, b := gobits.Add32(uint32(x), uint32(y), uint32(c)); return a, b }},
			{func() (any, any) { a, b := bits.Sub32(uint32(x), uint32(y), uint32(c)); return a, b }, func() (any, any) { a, b := gobits.Sub32(uint32(x), uint32(y), uint32(c)); return a, b }},
			{func() (any, any) { a, b := bits.Mul64(x, y); return a, b }, func() (any, any) { a, b := gobits.Mul64(x, y); return a, b }},
			{func() (any, any) { a, b := bits.Mul32(uint32(x), uint32(y)); return a, b }, func() (any, any) { a, b := gobits.Mul32(uint32(x), uint32(y)); return a, b }},
			{func() (any, any) { a, b := bits.Div64(x, y, z); return a, b }, func() (any, any) { a, b := gobits.Div64(x, y, z); return a, b }},
			{func() (any, any) { a, b := bits.Div(uint(x), uint(y), uint(z)); return a, b }, func() (any, any) { a, b := gobits.Div(uint(x), uint(y), uint(z)); return a, b }},
			{func() (any, any) { a, b := bits.Div32(uint32(x), uint32(y), uint32(z)); return a, b }, func() (any, any) { a, b := gobits.Div32(uint32(x), uint32(y), uint32(z)); return a, b }},
			{func() (any, any) { return bits.Rem64(x, y, z), 0 }, func() (any, any) { return gobits.Rem64(x, y, z), 0 }},
			{func() (any, any) { return bits.Rem32(uint32(x), uint32(y), uint32(z)), 0 }, func() (any, any) { return gobits.Rem32(uint32(x), uint32(y), uint32(z)), 0 }},
		} {
			if got, want := pair(f[0]), pair(f[1]); got != want {
				t.Fatalf("%d: %#x %#x %#x %d: %s, want %s", j, x, y, z, c, got, want)
			}
		}
	}
}
