package cmplx_test

import (
	"math"
	gocmplx "math/cmplx"
	"math/rand"
	"testing"

	"vostd/math/cmplx"
)

type function struct {
	name string
	f, g func(complex128) complex128
}

var functions = []function{
	{"Sqrt", cmplx.Sqrt, gocmplx.Sqrt}, {"Exp", cmplx.Exp, gocmplx.Exp}, {"Log", cmplx.Log, gocmplx.Log}, {"Log10", cmplx.Log10, gocmplx.Log10},
	{"Sin", cmplx.Sin, gocmplx.Sin}, {"Cos", cmplx.Cos, gocmplx.Cos}, {"Tan", cmplx.Tan, gocmplx.Tan}, {"Cot", cmplx.Cot, gocmplx.Cot},
	{"Sinh", cmplx.Sinh, gocmplx.Sinh}, {"Cosh", cmplx.Cosh, gocmplx.Cosh}, {"Tanh", cmplx.Tanh, gocmplx.Tanh},
	{"Asin", cmplx.Asin, gocmplx.Asin}, {"Acos", cmplx.Acos, gocmplx.Acos}, {"Atan", cmplx.Atan, gocmplx.Atan},
	{"Asinh", cmplx.Asinh, gocmplx.Asinh}, {"Acosh", cmplx.Acosh, gocmplx.Acosh}, {"Atanh", cmplx.Atanh, gocmplx.Atanh},
	{"Conj", cmplx.Conj, gocmplx.Conj},
}

func near(a, b, size float64) bool {
	if a == b || a != a && b != b {
		return true
	}
	return math.Abs(a-b) <= 1e-11*size
}

func TestOrdinary(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	for i := 0; i < 100000; i++ {
		x := complex(rng.NormFloat64()*3, rng.NormFloat64()*3)
		for _, f := range functions {
			got, want := f.f(x), f.g(x)
			size := 1e-3 + gocmplx.Abs(want)
			if !near(real(got), real(want), size) || !near(imag(got), imag(want), size) {
				t.Fatalf("%s(%v) = %v, want %v", f.name, x, got, want)
			}
		}
		y := complex(rng.NormFloat64(), rng.NormFloat64())
		if got, want := cmplx.Pow(x, y), gocmplx.Pow(x, y); gocmplx.Abs(got-want) > 1e-12*gocmplx.Abs(want) {
			t.Fatalf("Pow(%v, %v) = %v, want %v", x, y, got, want)
		}
	}
}

// Where C99, which we follow, and Go differ: on the wrong side of a cut, in
// the signs of zeros beside NaN, and in what Cot is at infinity.
func differs(name string, re, im float64) bool {
	cut := math.Abs(re) == 2 && im == 0 || re == 0 && math.Abs(im) == 2
	switch name {
	case "Atan", "Asin", "Asinh", "Atanh":
		return cut
	case "Cos":
		return im != im
	case "Cot":
		return math.IsInf(im, 0)
	}
	return false
}

// Zeros, infinities, NaN, and the signs of zeros on the axes.
func TestSpecial(t *testing.T) {
	list := []float64{0, math.Copysign(0, -1), 0.5, -0.5, 1, -1, 2, -2, math.Inf(1), math.Inf(-1), math.NaN()}
	part := func(a, b float64) bool {
		if math.Abs(a) > 1e15 || math.Abs(b) > 1e15 { // Go's poles are not quite infinite
			return math.Abs(a) > 1e15 && math.Abs(b) > 1e15 && math.Signbit(a) == math.Signbit(b)
		}
		return near(a, b, 1+math.Abs(b)) && (a != 0 || b != 0 || math.Signbit(a) == math.Signbit(b))
	}
	for _, re := range list {
		for _, im := range list {
			x := complex(re, im)
			for _, f := range functions {
				got, want := f.f(x), f.g(x)
				if differs(f.name, re, im) {
					continue
				}
				if !part(real(got), real(want)) || !part(imag(got), imag(want)) {
					t.Errorf("%s(%v) = %v, want %v", f.name, x, got, want)
				}
			}
			if cmplx.IsNaN(x) != gocmplx.IsNaN(x) || cmplx.IsInf(x) != gocmplx.IsInf(x) {
				t.Errorf("IsNaN or IsInf(%v)", x)
			}
			for _, y := range []complex128{0, 1, -1, 2i, -1 - 1i, complex(math.NaN(), 0)} {
				got, want := cmplx.Pow(x, y), gocmplx.Pow(x, y)
				if !part(real(got), real(want)) || !part(imag(got), imag(want)) {
					t.Errorf("Pow(%v, %v) = %v, want %v", x, y, got, want)
				}
			}
		}
	}
}
