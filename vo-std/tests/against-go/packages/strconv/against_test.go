package strconv_test

import (
	"math"
	"math/rand"
	gostrconv "strconv"
	"strings"
	"testing"

	"vostd/strconv"
)

const rounds = 60000

func interesting(rng *rand.Rand) float64 {
	switch rng.Intn(10) {
	case 0:
		return float64(rng.Intn(1000000)) / 100
	case 1:
		return float64(rng.Int63())
	case 2:
		return math.Ldexp(1, rng.Intn(2100)-1074)
	case 3:
		return math.Float64frombits(rng.Uint64() & (1<<52 - 1)) // subnormal
	case 4:
		return float64(math.Float32frombits(rng.Uint32()))
	case 5:
		return rng.NormFloat64()
	case 6:
		return math.Nextafter(math.Pow(10, float64(rng.Intn(600)-300)), float64(rng.Intn(3)-1)*math.MaxFloat64)
	case 7:
		return float64(rng.Intn(4001)-2000) / 8
	}
	return math.Float64frombits(rng.Uint64())
}

func TestFormatFloat(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	fails := 0
	for i := 0; i < rounds*3; i++ {
		f := interesting(rng)
		size := 64
		if rng.Intn(3) == 0 {
			size = 32
		}
		format := "eEfgGbxXFq"[rng.Intn(10)]
		prec := rng.Intn(25) - 1
		if rng.Intn(3) == 0 {
			prec = -1
		} else if rng.Intn(100) == 0 {
			prec = rng.Intn(1200)
		}
		want := gostrconv.FormatFloat(f, format, prec, size)
		if got := strconv.FormatFloat(f, format, prec, size); got != want {
			t.Errorf("FormatFloat(%x, %c, %d, %d) = %s, want %s", f, format, prec, size, got, want)
			if fails++; fails > 20 {
				t.FailNow()
			}
		}
	}
}

func TestFormatFloatEdges(t *testing.T) {
	for _, f := range []float64{0, math.Copysign(0, -1), 0.5, 1.5, 2.5, 0.25, 0.125, 1e21, 1e20, 1e23, 5e-324, math.MaxFloat64, math.Inf(1), math.Inf(-1), math.NaN(), 9007199254740993, 4503599627370497.5, 0.000001, 0.0000001, 100000, 1000000, 1e22, 123456789, 0.05, 0.5000000001, 999.5, 9.5, 0.95, 0.095} {
		for _, format := range "eEfFgGbxXz" {
			for prec := -1; prec < 20; prec++ {
				for _, size := range []int{32, 64} {
					want := gostrconv.FormatFloat(f, byte(format), prec, size)
					if got := strconv.FormatFloat(f, byte(format), prec, size); got != want {
						t.Errorf("FormatFloat(%v, %c, %d, %d) = %s, want %s", f, format, prec, size, got, want)
					}
				}
			}
		}
	}
}

func sameErr(a, b error) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return a.Error() == b.Error()
}

func compareParse(t *testing.T, s string, size int) {
	t.Helper()
	want, wantErr := gostrconv.ParseFloat(s, size)
	got, err := strconv.ParseFloat(s, size)
	same := math.Float64bits(got) == math.Float64bits(want) || got != got && want != want
	if !same || !sameErr(err, wantErr) {
		t.Errorf("ParseFloat(%q, %d) = %x, %v; want %x, %v", s, size, got, err, want, wantErr)
	}
}

func TestParseFloat(t *testing.T) {
	rng := rand.New(rand.NewSource(2))
	for i := 0; i < rounds*2 && !t.Failed(); i++ {
		f := interesting(rng)
		size := 64 - 32*rng.Intn(2)
		compareParse(t, gostrconv.FormatFloat(f, "efgx"[rng.Intn(4)], rng.Intn(26)-1, size), size)
		// Midpoints between neighbours, exactly and nearly.
		if next := math.Nextafter(f, math.Inf(1)); !math.IsInf(next, 0) && !math.IsNaN(next) && i%16 == 0 {
			s := gostrconv.FormatFloat(f, 'e', 770, 64)
			compareParse(t, s, size)
			m := midpoint(f, next)
			compareParse(t, m, 64)
			compareParse(t, bump(m), 64)
			g := float64(float32(f))
			m = midpoint(g, float64(math.Nextafter32(float32(g), float32(math.Inf(1)))))
			compareParse(t, m, 32)
			compareParse(t, bump(m), 32)
		}
		digits := make([]byte, 1+rng.Intn(40))
		for j := range digits {
			digits[j] = byte('0' + rng.Intn(10))
		}
		compareParse(t, string(digits)+"e"+gostrconv.Itoa(rng.Intn(760)-380), size)
	}
}

func midpoint(a, b float64) string {
	if math.IsInf(a, 0) || math.IsInf(b, 0) || a != a {
		return "0"
	}
	// Exact: both have exact decimal expansions; the middle is their mean.
	return meanText(a, b)
}

func bump(s string) string {
	i := strings.IndexByte(s, 'e')
	if i < 0 {
		return s + "1"
	}
	if strings.IndexByte(s, '.') < 0 {
		return s[:i] + ".0000000000001" + s[i:]
	}
	return s[:i] + "0000000000001" + s[i:]
}

func TestParseFloatSyntax(t *testing.T) {
	for _, s := range []string{"", "+", "-", ".", "1.", ".5", "1e", "1e+", "1e5", "1E5", "+1", "--1", "1x", "0x", "0x1", "0x1p", "0x1p4", "0X1.8P-4", "0x.8p1", "0x_1p4", "0x1_2p4", "1_2.5", "1__2", "_1", "1_", "1_.5", "1._5", "1e_5", "1e1_0", "inf", "INF", "+Inf", "-infinity", "infinit", "infi", "nan", "NaN", "+nan", "-nan", "nanx", "1e400", "-1e400", "1e-400", "0e1000000000000", "1e99999999999999999999", "1e-99999999999999999999", "0x1p1024", "0x1p-1075", "0x1.00000000000001p-1075", "0x1.fffffffffffff8p1023", "0x1.fffffffffffff7p1023", "0x10000000000000000000000001p0", "0x0p0", "0x.p1", "1 ", " 1", "1e400x", "0x1p-2000", "0b1", "0o7", "1.e1", "1..2", "1.2.3", "00000000000000000000000000001", "0.00000000000000000000000000000000000001", "1.7976931348623157e308", "1.7976931348623159e308", "2.2250738585072011e-308", "4.9e-324", "2.4703282292062327e-324", "2.4703282292062328e-324", "3.4028235677973366e38", "1" + strings.Repeat("0", 400), "1" + strings.Repeat("0", 900) + "e-900", strings.Repeat("9", 900) + "e-600", "0." + strings.Repeat("0", 400) + "1", "@", "1p4", "0x1e4", "8.5e"} {
		compareParse(t, s, 64)
		compareParse(t, s, 32)
	}
}

func TestInts(t *testing.T) {
	rng := rand.New(rand.NewSource(3))
	for i := 0; i < rounds; i++ {
		v := rng.Uint64() >> uint(rng.Intn(64))
		base := 2 + rng.Intn(35)
		if a, b := strconv.FormatUint(v, base), gostrconv.FormatUint(v, base); a != b {
			t.Fatal(a, b)
		}
		if a, b := strconv.FormatInt(int64(v), 10), gostrconv.FormatInt(int64(v), 10); a != b {
			t.Fatal(a, b)
		}
		if a, b := strconv.FormatInt(-int64(v), base), gostrconv.FormatInt(-int64(v), base); a != b {
			t.Fatal(a, b)
		}
		if a, b := string(strconv.AppendInt([]byte("x"), -int64(v), base)), string(gostrconv.AppendInt([]byte("x"), -int64(v), base)); a != b {
			t.Fatal(a, b)
		}
		s := gostrconv.FormatInt(-int64(v), base)
		if rng.Intn(2) == 0 {
			s = gostrconv.FormatUint(v, base) + strings.Repeat("0", rng.Intn(2))
		}
		compareInt(t, s, base, rng.Intn(70)-2)
	}
	alphabet := "0001279abfxXoObB__+-z"
	for i := 0; i < rounds*3; i++ {
		b := make([]byte, rng.Intn(8))
		for j := range b {
			b[j] = alphabet[rng.Intn(len(alphabet))]
		}
		compareInt(t, string(b), []int{0, 0, 0, 2, 8, 10, 10, 16, 36, 1, 37, -1}[rng.Intn(12)], []int{0, 8, 16, 32, 64, 65, -1, 5}[rng.Intn(8)])
		compareParse(t, string(b), 64)
	}
	for _, s := range []string{"9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616", "99999999999999999999", "\xff", "a\x00b"} {
		for _, size := range []int{0, 8, 16, 32, 64} {
			compareInt(t, s, 10, size)
		}
	}
}

func compareInt(t *testing.T, s string, base, size int) {
	t.Helper()
	a, aErr := strconv.ParseInt(s, base, size)
	b, bErr := gostrconv.ParseInt(s, base, size)
	if a != b || !sameErr(aErr, bErr) {
		t.Fatalf("ParseInt(%q, %d, %d) = %d, %v; want %d, %v", s, base, size, a, aErr, b, bErr)
	}
	c, cErr := strconv.ParseUint(s, base, size)
	d, dErr := gostrconv.ParseUint(s, base, size)
	if c != d || !sameErr(cErr, dErr) {
		t.Fatalf("ParseUint(%q, %d, %d) = %d, %v; want %d, %v", s, base, size, c, cErr, d, dErr)
	}
	e, eErr := strconv.Atoi(s)
	f, fErr := gostrconv.Atoi(s)
	if e != f || !sameErr(eErr, fErr) {
		t.Fatalf("Atoi(%q) = %d, %v; want %d, %v", s, e, eErr, f, fErr)
	}
}

func TestRunes(t *testing.T) {
	for r := rune(-2); r < 0x110010; r++ {
		if strconv.IsPrint(r) != gostrconv.IsPrint(r) || strconv.IsGraphic(r) != gostrconv.IsGraphic(r) {
			t.Fatalf("%U", r)
		}
		if a, b := strconv.QuoteRune(r), gostrconv.QuoteRune(r); a != b {
			t.Fatal(a, b)
		}
		if a, b := strconv.QuoteRuneToASCII(r), gostrconv.QuoteRuneToASCII(r); a != b {
			t.Fatal(a, b)
		}
		if a, b := strconv.QuoteRuneToGraphic(r), gostrconv.QuoteRuneToGraphic(r); a != b {
			t.Fatal(a, b)
		}
	}
}

func TestQuote(t *testing.T) {
	rng := rand.New(rand.NewSource(4))
	parts := []string{"a", "\"", "'", "`", "\\", "\n", "\r", "\x00", "\x7f", "é", "世", "\xff", "\xe4\xb8", "\u00ad", "\u2028", "\ufeff", "\U0001F600", "\U0010ffff", "x", "41", "u", "U", "n", "0", "7", "\\x41", "\\u00e9", "\\U0001F600", "\\101", "\\'", "\\\"", "\\n", "\\xff", "\\ud800", "\\400", "\u00a0", "\t"}
	for i := 0; i < rounds*2; i++ {
		s := ""
		for n := rng.Intn(6); n > 0; n-- {
			s += parts[rng.Intn(len(parts))]
		}
		if a, b := strconv.Quote(s), gostrconv.Quote(s); a != b {
			t.Fatal(a, b)
		}
		if a, b := strconv.QuoteToASCII(s), gostrconv.QuoteToASCII(s); a != b {
			t.Fatal(a, b)
		}
		if a, b := strconv.QuoteToGraphic(s), gostrconv.QuoteToGraphic(s); a != b {
			t.Fatal(a, b)
		}
		if a, b := strconv.CanBackquote(s), gostrconv.CanBackquote(s); a != b {
			t.Fatalf("CanBackquote %q", s)
		}
		quotes := []string{"\"", "'", "`", "x", ""}
		q := quotes[rng.Intn(5)] + s + quotes[rng.Intn(5)]
		a, aErr := strconv.Unquote(q)
		b, bErr := gostrconv.Unquote(q)
		if a != b || !sameErr(aErr, bErr) {
			t.Fatalf("Unquote(%q) = %q, %v; want %q, %v", q, a, aErr, b, bErr)
		}
		a, aErr = strconv.QuotedPrefix(q + s)
		b, bErr = gostrconv.QuotedPrefix(q + s)
		if a != b || !sameErr(aErr, bErr) {
			t.Fatalf("QuotedPrefix(%q) = %q, %v; want %q, %v", q+s, a, aErr, b, bErr)
		}
		for _, quote := range []byte{'\'', '"', 0} {
			r, m, tail, err := strconv.UnquoteChar(s, quote)
			r2, m2, tail2, err2 := gostrconv.UnquoteChar(s, quote)
			if r != r2 && err == nil || m != m2 && err == nil || tail != tail2 && err == nil || !sameErr(err, err2) {
				t.Fatalf("UnquoteChar(%q, %c) = %q %v %q %v; want %q %v %q %v", s, quote, r, m, tail, err, r2, m2, tail2, err2)
			}
		}
	}
}

func TestComplex(t *testing.T) {
	rng := rand.New(rand.NewSource(5))
	parts := []string{"1", "+1", "-1", "i", "Inf", "NaN", "+Inf", "-Inf", "+NaN", "(", ")", "+", "-", "1e400", "0x1p4", "1e3", ".5", "nan", "infinity"}
	for i := 0; i < rounds; i++ {
		s := ""
		for n := rng.Intn(5); n > 0; n-- {
			s += parts[rng.Intn(len(parts))]
		}
		if rng.Intn(2) == 0 {
			s = "(" + s + "i)"
		}
		size := 64 + 64*rng.Intn(2)
		a, aErr := strconv.ParseComplex(s, size)
		b, bErr := gostrconv.ParseComplex(s, size)
		same := gostrconv.FormatComplex(a, 'g', -1, 128) == gostrconv.FormatComplex(b, 'g', -1, 128)
		if !same || !sameErr(aErr, bErr) {
			t.Fatalf("ParseComplex(%q, %d) = %v, %v; want %v, %v", s, size, a, aErr, b, bErr)
		}
		c := complex(interesting(rng), interesting(rng))
		if a, b := strconv.FormatComplex(c, 'g', -1, size), gostrconv.FormatComplex(c, 'g', -1, size); a != b {
			t.Fatal(a, b)
		}
	}
}

func TestBool(t *testing.T) {
	for _, s := range []string{"1", "t", "T", "true", "TRUE", "True", "0", "f", "F", "false", "FALSE", "False", "", "tRUE", "yes"} {
		a, aErr := strconv.ParseBool(s)
		b, bErr := gostrconv.ParseBool(s)
		if a != b || !sameErr(aErr, bErr) {
			t.Fatal(s)
		}
	}
}

func BenchmarkShortest(b *testing.B) {
	var buf [64]byte
	for i := 0; i < b.N; i++ {
		strconv.AppendFloat(buf[:0], 1.0/float64(i+3), 'g', -1, 64)
	}
}

func BenchmarkGoShortest(b *testing.B) {
	var buf [64]byte
	for i := 0; i < b.N; i++ {
		gostrconv.AppendFloat(buf[:0], 1.0/float64(i+3), 'g', -1, 64)
	}
}

func BenchmarkFixed(b *testing.B) {
	var buf [64]byte
	for i := 0; i < b.N; i++ {
		strconv.AppendFloat(buf[:0], 1.0/float64(i+3), 'f', 9, 64)
	}
}
