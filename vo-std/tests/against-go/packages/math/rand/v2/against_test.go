package rand_test

import (
	"math"
	gorand "math/rand/v2"
	"testing"

	"vostd/math/rand/v2"
)

func compare(t *testing.T, a *rand.Rand, b *gorand.Rand) {
	t.Helper()
	for i := 0; i < 200000; i++ {
		var x, y any
		switch i % 17 {
		case 0:
			x, y = a.Int64(), b.Int64()
		case 1:
			x, y = a.Uint32(), b.Uint32()
		case 2:
			x, y = a.Uint64(), b.Uint64()
		case 3:
			x, y = a.Int32(), b.Int32()
		case 4:
			x, y = a.Int(), b.Int()
		case 5:
			x, y = a.Int64N(int64(i)<<30+1), b.Int64N(int64(i)<<30+1)
		case 6:
			x, y = a.Int32N(int32(i)+1), b.Int32N(int32(i)+1)
		case 7:
			x, y = a.IntN(i+1), b.IntN(i+1)
		case 8:
			x, y = a.Uint64N(math.MaxUint64-uint64(i)), b.Uint64N(math.MaxUint64-uint64(i))
		case 9:
			x, y = a.Float64(), b.Float64()
		case 10:
			x, y = a.Float32(), b.Float32()
		case 11:
			p, q := a.Perm(i%20), b.Perm(i%20)
			for j := range p {
				if p[j] != q[j] {
					t.Fatal("Perm")
				}
			}
		case 12:
			x, y = a.Uint64N(1<<40), b.Uint64N(1<<40)
		case 13:
			x, y = a.Uint32N(3<<30), b.Uint32N(3<<30)
		case 14:
			x, y = a.NormFloat64(), b.NormFloat64()
		case 15:
			x, y = a.ExpFloat64(), b.ExpFloat64()
		case 16:
			x, y = a.UintN(7), b.UintN(7)
		}
		if x != y {
			t.Fatalf("draw %d (%d): %v, want %v", i, i%17, x, y)
		}
	}
	z, y := rand.NewZipf(a, 1.5, 2, 1000), gorand.NewZipf(b, 1.5, 2, 1000)
	for i := 0; i < 10000; i++ {
		if p, q := z.Uint64(), y.Uint64(); p != q {
			t.Fatalf("Zipf %d: %d, want %d", i, p, q)
		}
	}
}

func TestPCG(t *testing.T) {
	for seed := uint64(0); seed < 5; seed++ {
		a, b := rand.NewPCG(seed, seed*77), gorand.NewPCG(seed, seed*77)
		compare(t, rand.New(a), gorand.New(b))
		p, _ := a.MarshalBinary()
		q, _ := b.MarshalBinary()
		if string(p) != string(q) {
			t.Fatal("MarshalBinary")
		}
		var c rand.PCG
		if c.UnmarshalBinary(p) != nil || c.Uint64() != a.Uint64() {
			t.Fatal("UnmarshalBinary")
		}
	}
}

func TestChaCha8(t *testing.T) {
	seed := [32]byte([]byte("chacha8: 32-byte seed for tests!"))
	a, b := rand.NewChaCha8(seed), gorand.NewChaCha8(seed)
	compare(t, rand.New(a), gorand.New(b))
	for i := 0; i < 2000; i++ {
		p, q := make([]byte, i%23), make([]byte, i%23)
		a.Read(p)
		b.Read(q)
		if string(p) != string(q) {
			t.Fatal("Read")
		}
		if a.Uint64() != b.Uint64() {
			t.Fatal("Uint64")
		}
		p, _ = a.MarshalBinary()
		q, _ = b.MarshalBinary()
		if string(p) != string(q) {
			t.Fatalf("MarshalBinary\n%q\n%q", p, q)
		}
		a = new(rand.ChaCha8)
		if err := a.UnmarshalBinary(p); err != nil {
			t.Fatal(err)
		}
	}
}

func TestGlobal(t *testing.T) {
	for i := 0; i < 1000; i++ {
		if n := rand.IntN(10); n < 0 || n > 9 {
			t.Fatal(n)
		}
	}
}
