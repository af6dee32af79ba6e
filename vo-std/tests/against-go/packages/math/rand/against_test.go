//go:debug randseednop=0

package rand_test

import (
	"math"
	gorand "math/rand"
	"testing"

	"vostd/math/rand"
)

func TestSequences(t *testing.T) {
	for _, seed := range []int64{1, 0, -1, 42, math.MaxInt64, math.MinInt64, 1<<31 - 1, 1 << 31, 123456789, -987654321} {
		a, b := rand.New(rand.NewSource(seed)), gorand.New(gorand.NewSource(seed))
		for i := 0; i < 20000; i++ {
			var x, y any
			switch i % 17 {
			case 0:
				x, y = a.Int63(), b.Int63()
			case 1:
				x, y = a.Uint32(), b.Uint32()
			case 2:
				x, y = a.Uint64(), b.Uint64()
			case 3:
				x, y = a.Int31(), b.Int31()
			case 4:
				x, y = a.Int(), b.Int()
			case 5:
				x, y = a.Int63n(int64(i)<<20+1), b.Int63n(int64(i)<<20+1)
			case 6:
				x, y = a.Int31n(int32(i)+1), b.Int31n(int32(i)+1)
			case 7:
				x, y = a.Intn(i+1), b.Intn(i+1)
			case 8:
				x, y = a.Intn(i<<40+5), b.Intn(i<<40+5)
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
				var p, q [30]int
				a.Shuffle(30, func(i, j int) { p[i]++; p[j] += i })
				b.Shuffle(30, func(i, j int) { q[i]++; q[j] += i })
				x, y = p, q
			case 13:
				var p, q [11]byte
				a.Read(p[:i%12])
				b.Read(q[:i%12])
				x, y = p, q
			case 14:
				x, y = a.NormFloat64(), b.NormFloat64()
			case 15:
				x, y = a.ExpFloat64(), b.ExpFloat64()
			case 16:
				x, y = a.Int63n(1<<40), b.Int63n(1<<40)
			}
			if x != y {
				t.Fatalf("seed %d, draw %d (%d): %v, want %v", seed, i, i%17, x, y)
			}
		}
	}
}

func TestDistributions(t *testing.T) {
	a, b := rand.New(rand.NewSource(7)), gorand.New(gorand.NewSource(7))
	for i := 0; i < 3000000; i++ {
		if x, y := a.NormFloat64(), b.NormFloat64(); x != y {
			t.Fatalf("NormFloat64 %d: %v, want %v", i, x, y)
		}
		if x, y := a.ExpFloat64(), b.ExpFloat64(); x != y {
			t.Fatalf("ExpFloat64 %d: %v, want %v", i, x, y)
		}
	}
	z, y := rand.NewZipf(a, 1.5, 2, 1000), gorand.NewZipf(b, 1.5, 2, 1000)
	for i := 0; i < 10000; i++ {
		if p, q := z.Uint64(), y.Uint64(); p != q {
			t.Fatalf("Zipf %d: %d, want %d", i, p, q)
		}
	}
}

func TestGlobal(t *testing.T) {
	for i := 0; i < 1000; i++ {
		if n := rand.Intn(10); n < 0 || n > 9 {
			t.Fatal(n)
		}
	}
	rand.Seed(5)
	gorand.Seed(5)
	for i := 0; i < 1000; i++ {
		if x, y := rand.Int63(), gorand.Int63(); x != y {
			t.Fatal(x, y)
		}
		if x, y := rand.Float64(), gorand.Float64(); x != y {
			t.Fatal(x, y)
		}
	}
	var p, q [10]byte
	rand.Read(p[:])
	gorand.Read(q[:])
	if p != q {
		t.Fatal("Read")
	}
}
