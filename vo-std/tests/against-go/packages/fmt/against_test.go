package fmt_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand"
	"reflect"
	"strings"
	"testing"
	"unsafe"

	vfmt "vostd/fmt"
)

type (
	named    int
	namedU   uint8
	namedS   string
	namedF   float32
	namedC   complex64
	namedB   bool
	bytes    []byte
	bytes3   [3]namedU
	str      struct{ x int }
	ptrStr   struct{ x int }
	failing  struct{ A, b int }
	panicky  int
	panicPtr struct{ n int }
	goStr    struct{ n int }
	inner    struct {
		A int
		b string
	}
	outer struct {
		inner
		Inner  inner
		P      *int
		I      any
		hidden any
		S      str
		s      str
		E      error
		e      error
		M      map[string]int
		L      []any
		F      func()
		C      chan int
		Arr    [2]bool
		B      []byte
		U      uintptr
	}
)

func (s str) String() string      { return fmt.Sprintf("str<%d>", s.x) }
func (s *ptrStr) String() string  { return fmt.Sprintf("ptr<%d>", s.x) }
func (f failing) Error() string   { return "failing" }
func (p panicky) String() string  { panic("oh " + string(rune('0'+int(p)))) }
func (p *panicPtr) Error() string { return string(rune(p.n)) }
func (g goStr) GoString() string  { return "go!" }
func (n namedB) String() string   { return "namedB" }

func values() []any {
	seven := 7
	var nilPanic *panicPtr
	var nilStr *ptrStr
	var nilErr error
	var nilMap map[string]int
	var nilSlice []int
	var nilBytes []byte
	var nilFunc func()
	loop := []any{1, nil}
	return []any{
		nil, true, false, 0, 1, -1, 42, -123456789, math.MaxInt64, math.MinInt64, int8(-5), int16(300), int32(0x1F600), 'x', int64(-7),
		uint(9), uint8(200), uint16(65535), uint32(1 << 31), uint64(math.MaxUint64), uintptr(0xdeadbeef),
		0.0, 1.0, -1.5, 3.14159265358979, 1e100, 1e-7, 123456789.0, 1e20, 1e21, math.Inf(1), math.Inf(-1), math.NaN(), math.Copysign(0, -1), float32(0.1), float32(16777216),
		1 + 2i, complex64(-1.5i), complex(math.NaN(), math.Inf(-1)),
		"", "hello", "héllo 世界", "a\nb\x00\xff", "back`quote", "quote\"s", namedS("named"),
		[]byte("bytes"), []byte{}, nilBytes, bytes("named bytes"), bytes3{1, 2, 255}, [3]byte{65, 66, 67}, &[3]byte{1, 2, 3}, []namedU{1, 2}, &[]byte{1},
		named(5), namedU(6), namedF(2.5), namedC(1 + 1i), namedB(true),
		[]int{1, 2, 3}, []string{"a", "b c"}, []float64{1, 2.5}, nilSlice, []int{}, [2]bool{true, false}, [][]int{{1}, {2, 3}, nil}, []any{1, "a", nil, 2.5, []int{1}}, loop,
		map[string]int{"b": 2, "a": 1}, map[int]string{3: "c", -1: "a"}, nilMap, map[any]any{1: "i", nil: 2}, map[float64]int{math.NaN(): 1, 1: 2, math.Inf(-1): 3}, map[bool]int{true: 1, false: 0}, map[[2]int]string{{2, 1}: "x", {1, 9}: "y"}, map[inner]int{{2, "a"}: 1, {1, "b"}: 2}, map[str]bool{{2}: true, {1}: false}, map[string]any{"k": nil, "z": []int{1}},
		map[complex128]int{2 + 1i: 1, 1 + 5i: 2, 2: 3},
		struct{}{}, inner{1, "x"}, &inner{2, "y"}, outer{}, outer{Inner: inner{3, "z"}, I: 5, hidden: "h", S: str{1}, s: str{2}, E: errors.New("e"), e: errors.New("hid"), M: map[string]int{"k": 1}, L: []any{nil, 1}, B: []byte("b")},
		struct{ A any }{nil}, struct{ a, B any }{str{4}, str{5}}, &struct{ P *inner }{nil}, struct{ X []str }{[]str{{1}}},
		&seven == nil, str{3}, &str{4}, []str{{1}, {2}}, ptrStr{5}, &ptrStr{6}, nilStr, []*ptrStr{nil}, failing{1, 2}, &failing{3, 4}, panicky(3), []panicky{1, 2}, nilPanic, &panicPtr{65}, goStr{1}, &goStr{2}, []goStr{{1}},
		errors.New("an error"), nilErr, fmt.Errorf("wrap %w", io.EOF), nilFunc, (chan int)(nil), (*int)(nil), (**int)(nil), unsafe.Pointer(nil), unsafe.Pointer(uintptr(0)),
		&map[string]int{"p": 1}, &[]int{1, 2}, &[2]string{"q", "r"}, [0]int{}, []error{io.EOF, nil}, [2]any{}, []namedS{"x"}, []bytes{bytes("q"), nil}, [2][2]byte{{1, 2}, {3, 4}}, [][3]byte{{65}},
	}
}

func TestPrintfTable(t *testing.T) {
	verbs := "vdTtbcoOxXUeEfFgGsqpwzé!"
	flags := []string{"", "+", "-", "#", " ", "0", "+#", "- ", "0-", "# ", "+0", "#0"}
	sizes := []string{"", "5", "20", ".0", ".2", "12.3", ".", "3.20", "30.10"}
	for _, v := range values() {
		for _, verb := range verbs {
			for _, f := range flags {
				for _, size := range sizes {
					format := "%" + f + size + string(verb)
					want := fmt.Sprintf(format, v)
					if got := vfmt.Sprintf(format, v); got != want {
						t.Fatalf("Sprintf(%q, %#v) =\n%q, want\n%q", format, v, got, want)
					}
				}
			}
		}
		if got, want := vfmt.Sprint(v, v, 1, "x", v), fmt.Sprint(v, v, 1, "x", v); got != want {
			t.Errorf("Sprint %q, want %q", got, want)
		}
		if got, want := vfmt.Sprintln(v, v), fmt.Sprintln(v, v); got != want {
			t.Errorf("Sprintln %q, want %q", got, want)
		}
	}
}

func TestPointers(t *testing.T) {
	x := 5
	ch := make(chan int)
	f := func() {}
	m := map[*int]int{&x: 1}
	type list struct{ next *list }
	cycle := &list{}
	cycle.next = cycle
	for _, v := range []any{&x, ch, f, m, &m, []*int{&x}, struct{ P *int }{&x}, cycle, *cycle, unsafe.Pointer(&x), []int{1}, &cycle, reflect.TypeOf(1).Kind()} {
		for _, format := range []string{"%v", "%+v", "%#v", "%p", "%#p", "%d", "%x", "%X", "%o", "%b", "%20p", "%-20v|", "%020p", "%s", "%q", "%t"} {
			if got, want := vfmt.Sprintf(format, v), fmt.Sprintf(format, v); got != want {
				t.Errorf("Sprintf(%q) = %q, want %q", format, got, want)
			}
		}
	}
}

func TestFormats(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	parts := []string{"%", "d", "v", "s", "[1]", "[2]", "[3]", "[9]", "[x]", "[", "]", "*", ".", ".*", "5", "-", "+", "#", "0", " ", "w", "%%", "%d", "%v", "text", "é", "世", "%!", "T", "99999999", "%[2]*[1]d", "%[1]v", "%-*d", "%.[2]*f", "%w", "x", "q"}
	args := []any{1, "two", 3.5, -4, io.EOF, nil, uint8(7), []int{1}, 8000000000, io.ErrUnexpectedEOF}
	for i := 0; i < 300000; i++ {
		format := ""
		for n := rng.Intn(7); n > 0; n-- {
			format += parts[rng.Intn(len(parts))]
		}
		var a []any
		for n := rng.Intn(5); n > 0; n-- {
			a = append(a, args[rng.Intn(len(args))])
		}
		if got, want := vfmt.Sprintf(format, a...), fmt.Sprintf(format, a...); got != want {
			t.Fatalf("Sprintf(%q, %v) = %q, want %q", format, a, got, want)
		}
		got, want := vfmt.Errorf(format, a...), fmt.Errorf(format, a...)
		if got.Error() != want.Error() {
			t.Fatalf("Errorf(%q, %v) = %q, want %q", format, a, got, want)
		}
		for _, target := range []error{io.EOF, io.ErrUnexpectedEOF} {
			if errors.Is(got, target) != errors.Is(want, target) {
				t.Fatalf("Errorf(%q, %v) wraps differently", format, a)
			}
		}
		if g, w := unwrapAll(got), unwrapAll(want); fmt.Sprint(g) != fmt.Sprint(w) {
			t.Fatalf("Errorf(%q, %v) wraps %v, want %v", format, a, g, w)
		}
	}
}

func unwrapAll(err error) []error {
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		return []error{e.Unwrap()}
	case interface{ Unwrap() []error }:
		return e.Unwrap()
	}
	return nil
}

type vFormatter struct{}

func (vFormatter) Format(s vfmt.State, verb rune) {
	w, hasW := s.Width()
	p, hasP := s.Precision()
	io.WriteString(s.(io.Writer), fmt.Sprint(vfmt.FormatString(s, verb), w, hasW, p, hasP))
}

type gFormatter struct{}

func (gFormatter) Format(s fmt.State, verb rune) {
	w, hasW := s.Width()
	p, hasP := s.Precision()
	io.WriteString(s, fmt.Sprint(fmt.FormatString(s, verb), w, hasW, p, hasP))
}

func TestFormatter(t *testing.T) {
	for _, format := range []string{"%v", "%+#v", "%-08.3x", "% z", "%0d", "%-0d", "%+.q"} {
		if got, want := vfmt.Sprintf(format, vFormatter{}), fmt.Sprintf(format, gFormatter{}); got != want {
			t.Errorf("%q: %q, want %q", format, got, want)
		}
	}
}

func TestWriters(t *testing.T) {
	var a, b strings.Builder
	n, err := vfmt.Fprintln(&a, "x", 1)
	m, err2 := fmt.Fprintln(&b, "x", 1)
	if n != m || err != err2 || a.String() != b.String() {
		t.Error(n, m, err, err2)
	}
	if got := string(vfmt.Appendf(vfmt.Append(vfmt.Appendln([]byte("a"), 1), 2), "%d", 3)); got != "a1\n23" {
		t.Error(got)
	}
}

type target struct {
	i  int
	i8 int8
	u  uint
	u8 uint8
	f  float64
	f3 float32
	s  string
	b  []byte
	t  bool
	c  complex128
	r  rune
	n  named
	ns namedS
	nb bytes
	nf namedF
	nt namedB
	nc namedC
}

func (x *target) pointers(rng *rand.Rand, n int) []any {
	all := []any{&x.i, &x.i8, &x.u, &x.u8, &x.f, &x.f3, &x.s, &x.b, &x.t, &x.c, &x.r, &x.n, &x.ns, &x.nb, &x.nf, &x.nt, &x.nc}
	var a []any
	for ; n > 0; n-- {
		a = append(a, all[rng.Intn(len(all))])
	}
	return a
}

func errText(err error) string {
	if err == nil {
		return "ok"
	}
	return fmt.Sprintf("%T %v %v", err, err, err == io.EOF || err == io.ErrUnexpectedEOF)
}

func TestScan(t *testing.T) {
	inputs := []string{"1", "-1", "+7", " ", "\n", "\r\n", "\t", "300", "0x1F", "0b101", "0o17", "017", "1_000", "3.5", "-2e10", "inf", "nan", "true", "false", "t", "FALSE", "tru", "hello", "\"quoted \\n\"", "`raw`", "\"open", "(1+2i)", "1-2i", "(1", "world", "世", "\xff", "9999999999999999999999", "U+1F600", "deadBEEF", "xyz", "%", ",", "a", "0", "0x", "1p5", "0x1p-2", "1e400", "1,2"}
	verbs := []string{"%d", "%v", "%s", "%q", "%x", "%X", "%c", "%t", "%f", "%g", "%e", "%b", "%o", "%U", "%5d", "%3s", "%2c", "%1v", "%z", "%", "%%", " ", "\n", "a", "hello", ",", "%5"}
	count := 0
	for seed := int64(0); seed < 150000; seed++ {
		rng := rand.New(rand.NewSource(seed))
		input := ""
		for n := rng.Intn(6); n > 0; n-- {
			input += inputs[rng.Intn(len(inputs))] + []string{"", " ", " ", "\n", "  "}[rng.Intn(5)]
		}
		format := ""
		nverbs := 0
		for n := rng.Intn(5); n > 0; n-- {
			v := verbs[rng.Intn(len(verbs))]
			format += v + []string{"", " ", "", "\n"}[rng.Intn(4)]
			if len(v) > 1 && v[0] == '%' && v != "%%" {
				nverbs++
			}
		}
		if rng.Intn(10) == 0 {
			nverbs = rng.Intn(4)
		}
		how := rng.Intn(6)
		var got, want target
		shape := rng.Int63()
		args := func(x *target) []any { return x.pointers(rand.New(rand.NewSource(shape)), nverbs) }
		var n, m int
		var err, err2 error
		var rest, rest2 []byte
		switch how {
		case 0:
			n, err = vfmt.Sscan(input, args(&got)...)
			m, err2 = fmt.Sscan(input, args(&want)...)
		case 1:
			n, err = vfmt.Sscanln(input, args(&got)...)
			m, err2 = fmt.Sscanln(input, args(&want)...)
		case 2, 3:
			n, err = vfmt.Sscanf(input, format, args(&got)...)
			m, err2 = fmt.Sscanf(input, format, args(&want)...)
		case 4:
			r, r2 := bufio.NewReader(strings.NewReader(input)), bufio.NewReader(strings.NewReader(input))
			n, err = vfmt.Fscanf(r, format, args(&got)...)
			m, err2 = fmt.Fscanf(r2, format, args(&want)...)
			rest, _ = io.ReadAll(r)
			rest2, _ = io.ReadAll(r2)
		case 5:
			type plain struct{ io.Reader }
			r, r2 := plain{strings.NewReader(input)}, plain{strings.NewReader(input)}
			n, err = vfmt.Fscanln(r, args(&got)...)
			m, err2 = fmt.Fscanln(r2, args(&want)...)
			rest, _ = io.ReadAll(r)
			rest2, _ = io.ReadAll(r2)
		}
		if n != m || strings.ReplaceAll(errText(err), "vostd/", "") != errText(err2) || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) || string(rest) != string(rest2) {
			t.Errorf("how %d, input %q, format %q, args %T:\n%d %s %+v rest %q, want\n%d %s %+v rest %q", how, input, format, args(&got), n, errText(err), got, rest, m, errText(err2), want, rest2)
			if count++; count > 8 {
				return
			}
		}
	}
}

func BenchmarkSprintf(b *testing.B) {
	for b.Loop() {
		vfmt.Sprintf("%d %s %v %5.2f\n", 12345, "hello", []int{1, 2, 3}, 3.14159)
	}
}

func BenchmarkGoSprintf(b *testing.B) {
	for b.Loop() {
		fmt.Sprintf("%d %s %v %5.2f\n", 12345, "hello", []int{1, 2, 3}, 3.14159)
	}
}
