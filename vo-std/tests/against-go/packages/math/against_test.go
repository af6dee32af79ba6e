package math_test

import (
	gomath "math"
	"math/rand"
	"testing"

	"vostd/math"
)

func specials() []float64 {
	list := []float64{0, 1, 0.5, 1.5, 2, 2.5, 3, 10, 170.5, 171.7, 1e10, 1e300, 1e-300, 5e-324, 1e-310, gomath.MaxFloat64, 0x1p-1022, 0x1p52, 0x1p53, 4503599627370497.5, gomath.Inf(1), gomath.NaN(), gomath.Pi, gomath.SmallestNonzeroFloat32, gomath.MaxFloat32}
	for _, x := range list {
		list = append(list, -x)
	}
	return list
}

func values(n int) []float64 {
	rng := rand.New(rand.NewSource(1))
	list := specials()
	for i := 0; i < n; i++ {
		switch i % 3 {
		case 0:
			list = append(list, gomath.Float64frombits(rng.Uint64()))
		case 1:
			list = append(list, rng.NormFloat64()*100)
		case 2:
			list = append(list, gomath.Float64frombits(rng.Uint64()&(1<<52-1)))
		}
	}
	return list
}

func same(a, b float64) bool {
	return gomath.Float64bits(a) == gomath.Float64bits(b) || a != a && b != b
}

func TestOne(t *testing.T) {
	for _, x := range values(200000) {
		f, e := math.Frexp(x)
		f2, e2 := gomath.Frexp(x)
		if !same(f, f2) || e != e2 {
			t.Fatalf("Frexp(%g) = %g, %d; want %g, %d", x, f, e, f2, e2)
		}
		f, g := math.Modf(x)
		f2, g2 := gomath.Modf(x)
		if !same(f, f2) || !same(g, g2) {
			t.Fatalf("Modf(%g) = %g, %g; want %g, %g", x, f, g, f2, g2)
		}
		f, e = math.Lgamma(x)
		f2, e2 = gomath.Lgamma(x)
		if !same(f, f2) || e != e2 {
			t.Fatalf("Lgamma(%g) = %g, %d; want %g, %d", x, f, e, f2, e2)
		}
		if f, g := math.Gamma(x), gomath.Gamma(x); !same(f, g) {
			t.Fatalf("Gamma(%g) = %g, want %g", x, f, g)
		}
		if f, g := math.Logb(x), gomath.Logb(x); !same(f, g) {
			t.Fatalf("Logb(%g) = %g, want %g", x, f, g)
		}
		if f, g := math.Ilogb(x), gomath.Ilogb(x); f != g {
			t.Fatalf("Ilogb(%g) = %d, want %d", x, f, g)
		}
		for s := -1; s < 2; s++ {
			if math.IsInf(x, s) != gomath.IsInf(x, s) {
				t.Fatalf("IsInf(%g, %d)", x, s)
			}
		}
		if math.IsNaN(x) != gomath.IsNaN(x) || math.Signbit(x) != gomath.Signbit(x) {
			t.Fatalf("IsNaN or Signbit(%g)", x)
		}
	}
	for n := -400; n < 400; n++ {
		if !same(math.Pow10(n), gomath.Pow10(n)) {
			t.Fatalf("Pow10(%d)", n)
		}
	}
	if gomath.Float64bits(math.NaN()) != gomath.Float64bits(gomath.NaN()) || math.Inf(-1) != gomath.Inf(-1) || math.MaxFloat64 != gomath.MaxFloat64 || math.MaxUint64 != uint64(gomath.MaxUint64) || math.SmallestNonzeroFloat32 != gomath.SmallestNonzeroFloat32 || math.Pi != gomath.Pi || math.Log2E != gomath.Log2E || math.Phi != gomath.Phi || math.SqrtPhi != gomath.SqrtPhi || math.Ln10 != gomath.Ln10 {
		t.Fatal("constants")
	}
}

func TestTwo(t *testing.T) {
	rng := rand.New(rand.NewSource(2))
	check := func(x, y float64, n int) {
		if !same(math.Dim(x, y), gomath.Dim(x, y)) || !same(math.Max(x, y), gomath.Max(x, y)) || !same(math.Min(x, y), gomath.Min(x, y)) {
			t.Fatalf("Dim, Max or Min(%g, %g)", x, y)
		}
		if f, g := math.Nextafter(x, y), gomath.Nextafter(x, y); !same(f, g) {
			t.Fatalf("Nextafter(%g, %g) = %g, want %g", x, y, f, g)
		}
		if f, g := math.Nextafter32(float32(x), float32(y)), gomath.Nextafter32(float32(x), float32(y)); !same(float64(f), float64(g)) {
			t.Fatalf("Nextafter32(%g, %g) = %g, want %g", x, y, f, g)
		}
		if f, g := math.Ldexp(x, n), gomath.Ldexp(x, n); !same(f, g) {
			t.Fatalf("Ldexp(%x, %d) = %x, want %x", x, n, f, g)
		}
	}
	for _, x := range specials() {
		for _, y := range specials() {
			check(x, y, 0)
			for n := -2200; n < 2200; n += 7 {
				check(x, y, n)
			}
		}
	}
	list := values(20000)
	for i := 0; i < 1000000; i++ {
		check(list[rng.Intn(len(list))], list[rng.Intn(len(list))], rng.Intn(4400)-2200)
	}
	check(1, 2, gomath.MaxInt)
	if math.Ldexp(1, gomath.MinInt) != 0 { // where Go's exponent wraps around
		t.Fatal("Ldexp")
	}
}
